package sessions

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// longestCheck is how long the service may take for an answer, as with ForwardAuth.
const longestCheck = 30 * time.Second

// service is the authentication service as the gateway reaches it: by mutual TLS and HTTP/2, on connections that are
// kept, with the certificates that are in the files now.
type service struct {
	address string
	files   []string
	mutex   sync.RWMutex
	client  *http.Client
	// version is that of the files which the client was made from. Whoever renews the lease has it for himself.
	version string
}

func newService(config Config) *service {
	s := &service{address: config.Address, files: []string{config.CA, config.Certificate, config.Key}}
	// Where this fails, it is tried again with each renewal of the lease, which tells why.
	_ = s.refresh()
	return s
}

var errNoCertificate = errors.New("the gateway has no certificate yet")

func (s *service) do(req *http.Request) (*http.Response, error) {
	s.mutex.RLock()
	client := s.client
	s.mutex.RUnlock()
	if client == nil {
		return nil, errNoCertificate
	}
	return client.Do(req)
}

// refresh makes the client anew where the files have changed. Where they cannot be read it stays as it is.
func (s *service) refresh() error {
	version := ""
	for _, file := range s.files {
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		version += fmt.Sprintf("%d/%d;", info.ModTime().UnixNano(), info.Size())
	}
	if version == s.version {
		return nil
	}
	transport, err := newTransport(s.files[0], s.files[1], s.files[2])
	if err != nil {
		return err
	}
	client := &http.Client{Transport: transport, Timeout: longestCheck, CheckRedirect: stay}
	s.mutex.Lock()
	former := s.client
	s.client = client
	s.version = version
	s.mutex.Unlock()
	if former != nil {
		former.CloseIdleConnections()
	}
	return nil
}

// reconnect has the next refresh make the client anew: a connection whose other end is silent is used no more, and a new
// one may lead to another replica.
func (s *service) reconnect() {
	s.version = ""
}

func newTransport(ca string, certificate string, key string) (*http.Transport, error) {
	trusted, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(trusted) {
		return nil, fmt.Errorf("no certificate in %s", ca)
	}
	own, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{
		RootCAs:      roots,
		Certificates: []tls.Certificate{own},
		MinVersion:   tls.VersionTLS13,
	}
	return transport, nil
}

// stay hands a redirect to the client as any other answer.
func stay(_ *http.Request, _ []*http.Request) error {
	return http.ErrUseLastResponse
}
