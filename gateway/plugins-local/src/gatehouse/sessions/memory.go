package sessions

import (
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

const (
	// capacity is how many answers are remembered; the oldest go first.
	capacity = 4096
	// longestGap is between two questions for ended sessions, of which the service tells for 20 s: beyond it one could
	// have been missed, and nothing is remembered any more.
	longestGap = 5 * time.Second
	// longestAsk is how old an answer can be when it is remembered. The end of its session is kept in mind for longer.
	longestAsk = 5 * time.Second
	endsKept   = 60 * time.Second
)

// answer is a yes of the authentication service.
type answer struct {
	user    string
	session string
	// keys are what the token was judged by.
	keys string
	// asked is when the question was sent, end until when the answer can be good.
	asked time.Time
	end   time.Time
}

// revocations is what the authentication service tells of sessions.
type revocations struct {
	LeaseMilliseconds int64    `json:"leaseMilliseconds"`
	Sessions          []string `json:"sessions"`
	Keys              string   `json:"keys"`
}

// memory holds answers, and says what they are worth.
type memory struct {
	mutex   sync.RWMutex
	answers map[string]*answer
	// order is a ring of the keys in answers, the oldest at position.
	order    []string
	position int
	// ended are the sessions that have ended of late, in two lots, of which the older goes after a while.
	ended       map[string]bool
	endedBefore map[string]bool
	turned      time.Time
	// keys are those of the service when it was last asked, renewed is when that was, forgotten when all was forgotten.
	keys      string
	renewed   time.Time
	forgotten time.Time
	// lease is until when answers are good: by the clock that stands still while a machine sleeps, and by the one that
	// does not but can be set.
	lease     time.Time
	leaseWall int64
}

func newMemory() *memory {
	return &memory{
		answers:     map[string]*answer{},
		order:       make([]string, capacity),
		ended:       map[string]bool{},
		endedBefore: map[string]bool{},
	}
}

// keyOf is what an answer is remembered by: a hash of all credentials of a request, and empty where there are none.
func keyOf(header http.Header) string {
	// No value has a line feed in it: different credentials give different texts.
	text := ""
	for _, value := range header["Authorization"] {
		text += "a" + value + "\n"
	}
	for _, value := range header["Cookie"] {
		text += "c" + value + "\n"
	}
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}

// recall gives the user of credentials that are known to be good now, or nothing.
func (m *memory) recall(key string) string {
	now := time.Now()
	user := ""
	m.mutex.RLock()
	found := m.answers[key]
	if found != nil && now.Before(m.lease) && now.UnixNano() < m.leaseWall && now.Before(found.end) {
		user = found.user
	}
	m.mutex.RUnlock()
	return user
}

// add remembers an answer, unless something has happened since it was asked for that could make it untrue.
func (m *memory) add(key string, given *answer) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if given.keys != m.keys || m.hasEnded(given.session) {
		return
	}
	if given.asked.Before(m.forgotten) || time.Since(given.asked) > longestAsk {
		return
	}
	if m.answers[key] == nil {
		delete(m.answers, m.order[m.position])
		m.order[m.position] = key
		m.position = (m.position + 1) % capacity
	}
	m.answers[key] = given
}

// renew takes what the service told, and begins a lease with the moment when it was asked.
func (m *memory) renew(asked time.Time, told *revocations) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	wallGap := asked.UnixNano() - m.renewed.UnixNano()
	if told.Keys != m.keys || asked.Sub(m.renewed) > longestGap || wallGap > int64(longestGap) {
		m.answers = map[string]*answer{}
		m.forgotten = time.Now()
	}
	m.keys = told.Keys
	m.renewed = asked
	m.end(asked, told.Sessions)
	lease := time.Duration(told.LeaseMilliseconds) * time.Millisecond
	m.lease = asked.Add(lease)
	m.leaseWall = asked.UnixNano() + int64(lease)
}

// end forgets the answers of sessions that have ended, and keeps the ends in mind for answers that are on their way.
func (m *memory) end(now time.Time, sessions []string) {
	if now.Sub(m.turned) > endsKept {
		m.endedBefore = m.ended
		m.ended = map[string]bool{}
		m.turned = now
	}
	news := false
	for _, session := range sessions {
		if !m.hasEnded(session) {
			m.ended[session] = true
			news = true
		}
	}
	if !news {
		return
	}
	for key, given := range m.answers {
		if m.ended[given.session] {
			delete(m.answers, key)
		}
	}
}

func (m *memory) hasEnded(session string) bool {
	return m.ended[session] || m.endedBefore[session]
}
