package sessions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	// pollsPerLease are enough for a lease to outlast some questions that are lost or late.
	pollsPerLease = 5
	firstPause    = 100 * time.Millisecond
	shortestPause = 10 * time.Millisecond
	longestPoll   = time.Second
	longestList   = 4 << 20
	// untraced keeps the questions out of traces (W3C Trace Context: its flag says that nothing is recorded).
	untraced = "00-00000000000000000000000000000001-0000000000000001-00"
)

// lease keeps a memory good: it asks again and again which sessions have ended.
type lease struct {
	config  Config
	service *service
	memory  *memory
	pause   time.Duration
}

// current is the lease of this process. Traefik makes all middlewares anew whenever its configuration changes.
var (
	currentMutex sync.Mutex
	current      *lease
)

// leaseFor gives the lease of a configuration. Another one that there was before is renewed no more, and who still goes
// by it has to ask.
func leaseFor(config Config) *lease {
	currentMutex.Lock()
	defer currentMutex.Unlock()
	if current == nil || current.config != config {
		current = &lease{config: config, service: newService(config), memory: newMemory(), pause: firstPause}
		go current.keep()
	}
	return current
}

func (l *lease) isCurrent() bool {
	currentMutex.Lock()
	defer currentMutex.Unlock()
	return current == l
}

func (l *lease) keep() {
	told := ""
	for l.isCurrent() {
		asked := time.Now()
		problem := ""
		if err := l.renew(asked); err != nil {
			problem = err.Error()
			if errors.Is(err, context.DeadlineExceeded) {
				l.service.reconnect()
			}
		}
		if problem != told {
			told = problem
			if problem == "" {
				problem = "renewed again"
			}
			fmt.Fprintln(os.Stderr, "the lease of remembered sessions: "+problem)
		}
		pause := l.pause - time.Since(asked)
		if pause < shortestPause {
			pause = shortestPause
		}
		time.Sleep(pause)
	}
}

// renew asks once. The lease begins with the moment before: what ends later is told to the next question.
func (l *lease) renew(asked time.Time) error {
	if err := l.service.refresh(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), longestPoll)
	defer cancel()
	question, err := http.NewRequestWithContext(ctx, http.MethodGet, l.service.address+"/revocations", nil)
	if err != nil {
		return err
	}
	question.Header.Set("Traceparent", untraced)
	answered, err := l.service.do(question)
	if err != nil {
		return err
	}
	defer answered.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answered.Body, longestList))
	if err != nil {
		return err
	}
	if answered.StatusCode != http.StatusOK {
		return fmt.Errorf("the authentication service answers %d", answered.StatusCode)
	}
	told := &revocations{}
	if err := json.Unmarshal(body, told); err != nil {
		return err
	}
	l.memory.renew(asked, told)
	l.pause = time.Duration(told.LeaseMilliseconds) * time.Millisecond / pollsPerLease
	return nil
}
