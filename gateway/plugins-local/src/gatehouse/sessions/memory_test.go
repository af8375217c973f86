package sessions

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

const keys = "the keys"

func told(sessions ...string) *revocations {
	return &revocations{LeaseMilliseconds: 500, Sessions: sessions, Keys: keys}
}

func yes(session string, asked time.Time) *answer {
	return &answer{user: "user of " + session, session: session, keys: keys, asked: asked, end: asked.Add(time.Hour)}
}

// remembering has an answer for a session and a lease.
func remembering(session string) *memory {
	m := newMemory()
	m.renew(time.Now(), told())
	m.add(session, yes(session, time.Now()))
	return m
}

func expect(t *testing.T, m *memory, key string, remembered bool) {
	t.Helper()
	if got := m.recall(key) != ""; got != remembered {
		t.Errorf("remembered: %v, expected %v", got, remembered)
	}
}

func TestRemembersUnderALease(t *testing.T) {
	m := remembering("a")
	expect(t, m, "a", true)
	expect(t, m, "b", false)
	if user := m.recall("a"); user != "user of a" {
		t.Errorf("the user is %q", user)
	}
}

func TestNothingIsGoodWithoutALease(t *testing.T) {
	m := newMemory()
	m.keys = keys
	m.add("a", yes("a", time.Now()))
	expect(t, m, "a", false)
}

func TestALeaseBeginsWhenItWasAskedFor(t *testing.T) {
	m := remembering("a")
	m.renew(time.Now().Add(-501*time.Millisecond), told())
	expect(t, m, "a", false)
	m.renew(time.Now().Add(-400*time.Millisecond), told())
	expect(t, m, "a", true)
}

func TestEitherClockEndsALease(t *testing.T) {
	m := remembering("a")
	m.leaseWall = time.Now().UnixNano()
	expect(t, m, "a", false)
	m = remembering("a")
	m.lease = time.Now()
	expect(t, m, "a", false)
}

func TestAnAnswerEnds(t *testing.T) {
	m := remembering("a")
	m.answers["a"].end = time.Now()
	expect(t, m, "a", false)
}

func TestASessionThatEndedIsForgotten(t *testing.T) {
	m := remembering("a")
	m.add("b", yes("b", time.Now()))
	m.renew(time.Now(), told("a"))
	expect(t, m, "a", false)
	expect(t, m, "b", true)
}

func TestAnAnswerFromBeforeAnEndIsNotRemembered(t *testing.T) {
	asked := time.Now()
	m := newMemory()
	m.renew(time.Now(), told())
	m.renew(time.Now(), told("a"))
	// The end is told for a while; the answer may come when it is no more, and when other ends have been.
	m.renew(time.Now(), told())
	m.turned = time.Now().Add(-2 * endsKept)
	m.renew(time.Now(), told("b"))
	m.add("a", yes("a", asked))
	expect(t, m, "a", false)
}

func TestSilenceMakesForget(t *testing.T) {
	m := remembering("a")
	m.renewed = time.Now().Add(-longestGap - time.Millisecond)
	m.renew(time.Now(), told())
	expect(t, m, "a", false)
	m = remembering("a")
	m.renewed = time.Now().Add(-longestGap + time.Second)
	m.renew(time.Now(), told())
	expect(t, m, "a", true)
}

func TestAnAnswerFromBeforeASilenceIsNotRemembered(t *testing.T) {
	m := remembering("a")
	asked := time.Now()
	m.renewed = time.Now().Add(-longestGap - time.Millisecond)
	m.renew(time.Now(), told())
	m.add("b", yes("b", asked))
	expect(t, m, "b", false)
	m.add("b", yes("b", time.Now()))
	expect(t, m, "b", true)
}

func TestAnOldAnswerIsNotRemembered(t *testing.T) {
	m := remembering("a")
	m.add("b", yes("b", time.Now().Add(-longestAsk-time.Millisecond)))
	expect(t, m, "b", false)
}

func TestOtherKeysMakeForget(t *testing.T) {
	m := remembering("a")
	other := told()
	other.Keys = "other keys"
	m.renew(time.Now(), other)
	expect(t, m, "a", false)
	m.add("a", yes("a", time.Now()))
	expect(t, m, "a", false)
}

func TestTheOldestGoFirst(t *testing.T) {
	m := remembering("first")
	for count := 1; count < capacity; count++ {
		m.add(strconv.Itoa(count), yes(strconv.Itoa(count), time.Now()))
	}
	m.add("1", yes("1", time.Now()))
	expect(t, m, "first", true)
	m.add("one more", yes("one more", time.Now()))
	expect(t, m, "first", false)
	expect(t, m, "1", true)
	if len(m.answers) != capacity {
		t.Errorf("%d answers are remembered", len(m.answers))
	}
}

func TestEveryCredentialCounts(t *testing.T) {
	header := func(authorization []string, cookie []string) http.Header {
		return http.Header{"Authorization": authorization, "Cookie": cookie}
	}
	if key := keyOf(http.Header{"X-User-Id": {"a"}}); key != "" {
		t.Error("there is a key without credentials")
	}
	different := []http.Header{
		header([]string{"a"}, nil),
		header(nil, []string{"a"}),
		header([]string{"a"}, []string{"a"}),
		header([]string{"a", "a"}, nil),
		header([]string{"aa"}, nil),
		header([]string{"a", ""}, []string{"a"}),
		header([]string{"a"}, []string{"", "a"}),
		header([]string{"ca"}, nil),
		header([]string{""}, []string{"a"}),
	}
	seen := map[string]int{}
	for index, one := range different {
		key := keyOf(one)
		if other, known := seen[key]; known {
			t.Errorf("headers %d and %d have one key", other, index)
		}
		seen[key] = index
	}
}
