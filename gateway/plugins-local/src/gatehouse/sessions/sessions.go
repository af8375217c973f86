// Package sessions is the gateway's check of who is signed in, as a middleware that Traefik interprets. It asks the
// authentication service as ForwardAuth does, and remembers a yes for as long as a lease says that it has heard of
// every session that ended (docs/adr/0013-sessions-at-the-gateway.md). All that is not a sure yes is asked.
package sessions

import (
	"context"
	"net/http"
)

// Config says where the authentication service is and with which files the gateway shows who it is.
type Config struct {
	// Address is the base URL of the authentication service.
	Address string `json:"address"`
	// CA is the path of the certificates that the service's is checked against.
	CA string `json:"ca"`
	// Certificate and Key are the paths of the gateway's own.
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}

// CreateConfig is what Traefik starts from.
func CreateConfig() *Config {
	return &Config{}
}

const (
	userHeader      = "X-User-Id"
	requestIDHeader = "X-Request-Id"
)

type check struct {
	next    http.Handler
	service *service
	memory  *memory
}

// New makes the middleware of one route. All routes share what is remembered.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	shared := leaseFor(*config)
	return &check{next: next, service: shared.service, memory: shared.memory}, nil
}

func (c *check) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	key := keyOf(req.Header)
	if key != "" {
		if user := c.memory.recall(key); user != "" {
			c.pass(rw, req, []string{user})
			return
		}
	}
	c.ask(rw, req, key)
}

// pass lets a request on to the service as that of a user. The answer names them too: a plugin has no other way to have
// the access log say who asked, and tells clients nothing that they were not told when they signed in.
func (c *check) pass(rw http.ResponseWriter, req *http.Request, user []string) {
	req.Header[userHeader] = user
	rw.Header()[userHeader] = user
	c.next.ServeHTTP(rw, req)
}
