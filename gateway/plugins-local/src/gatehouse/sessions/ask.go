package sessions

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// longestRefusal is how many bytes an answer of the service can have.
	longestRefusal = 2 * 1024
	// clientGone is what the access log has for a client that went away meanwhile.
	clientGone = 499
	maxAge     = "private, max-age="
)

// shown are the headers of a request that the service sees: its credentials, its id and its trace.
var shown = []string{"Authorization", "Cookie", requestIDHeader, "Traceparent", "Tracestate"}

// hopByHop are headers that concern one connection alone.
var hopByHop = []string{"Connection", "Keep-Alive", "Te", "Trailers", "Transfer-Encoding", "Upgrade"}

// ask has the service say whose token a request carries, and passes the request on or the refusal back.
func (c *check) ask(rw http.ResponseWriter, req *http.Request, key string) {
	asked := time.Now()
	question, err := c.question(req)
	if err != nil {
		rw.WriteHeader(http.StatusInternalServerError)
		return
	}
	told, err := c.service.do(question)
	if err != nil {
		status := http.StatusInternalServerError
		if errors.Is(err, context.Canceled) {
			status = clientGone
		}
		rw.WriteHeader(status)
		return
	}
	defer told.Body.Close()
	body, err := io.ReadAll(io.LimitReader(told.Body, longestRefusal+1))
	if err != nil {
		rw.WriteHeader(http.StatusInternalServerError)
		return
	}
	if len(body) > longestRefusal {
		rw.WriteHeader(http.StatusUnauthorized)
		return
	}
	if told.StatusCode < 200 || told.StatusCode >= 300 {
		refuse(rw, told, body)
		return
	}
	delete(req.Header, requestIDHeader)
	if id := told.Header[requestIDHeader]; len(id) > 0 {
		req.Header[requestIDHeader] = id
	}
	if given := answerIn(told, asked); given != nil && key != "" {
		c.memory.add(key, given)
	}
	c.pass(rw, req, told.Header[userHeader])
}

// question is a request to the service about another one, as Traefik's ForwardAuth would make it. What the client's
// Connection header names, Traefik has removed when the request came.
func (c *check) question(req *http.Request) (*http.Request, error) {
	question, err := http.NewRequestWithContext(req.Context(), http.MethodGet, c.service.address+"/validate", nil)
	if err != nil {
		return nil, err
	}
	for _, name := range shown {
		if values := req.Header[name]; len(values) > 0 {
			question.Header[name] = values
		}
	}
	if client, _, err := net.SplitHostPort(req.RemoteAddr); err == nil {
		question.Header.Set("X-Forwarded-For", client)
	}
	question.Header.Set("X-Forwarded-Method", req.Method)
	question.Header.Set("X-Forwarded-Proto", "https")
	question.Header.Set("X-Forwarded-Host", req.Host)
	question.Header.Set("X-Forwarded-Uri", req.URL.RequestURI())
	return question, nil
}

// answerIn is what can be remembered of a yes; nil where the service does not say for how long.
func answerIn(told *http.Response, asked time.Time) *answer {
	control := told.Header.Get("Cache-Control")
	if !strings.HasPrefix(control, maxAge) {
		return nil
	}
	seconds, err := strconv.Atoi(control[len(maxAge):])
	user, session := told.Header.Get(userHeader), told.Header.Get("X-Session-Id")
	if err != nil || seconds <= 0 || user == "" || session == "" {
		return nil
	}
	return &answer{
		user:    user,
		session: session,
		keys:    told.Header.Get("X-Key-Set"),
		asked:   asked,
		end:     asked.Add(time.Duration(seconds) * time.Second),
	}
}

func refuse(rw http.ResponseWriter, told *http.Response, body []byte) {
	header := rw.Header()
	for name, values := range told.Header {
		header[name] = values
	}
	for _, name := range hopByHop {
		header.Del(name)
	}
	rw.WriteHeader(told.StatusCode)
	_, _ = rw.Write(body)
}
