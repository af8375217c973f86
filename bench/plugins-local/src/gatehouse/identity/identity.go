// Package identity verifies access tokens inside Traefik, which runs it in an interpreter: what a check costs that asks
// nobody. It sees no revocation; the most that one with revocations pushed to it could reach.
package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// capacity is how many verified tokens are remembered, as many as the authentication service does.
const capacity = 10000

// Config has the key set that tokens are signed with, as text (RFC 7517), and what they must say.
type Config struct {
	Keys     string `json:"keys"`
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
}

// CreateConfig is what Traefik starts from.
func CreateConfig() *Config {
	return &Config{Issuer: "gatehouse", Audience: "gatehouse"}
}

type claims struct {
	Sub string `json:"sub"`
	Iss string `json:"iss"`
	Aud string `json:"aud"`
	Exp int64  `json:"exp"`
}

type verifier struct {
	next     http.Handler
	config   *Config
	keys     map[string]*ecdsa.PublicKey
	mutex    sync.RWMutex
	verified map[string]claims
}

// New makes the middleware.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	var set struct {
		Keys []struct{ Kid, X, Y string }
	}
	if err := json.Unmarshal([]byte(config.Keys), &set); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	keys := map[string]*ecdsa.PublicKey{}
	for _, key := range set.Keys {
		x, errX := base64.RawURLEncoding.DecodeString(key.X)
		y, errY := base64.RawURLEncoding.DecodeString(key.Y)
		if errX != nil || errY != nil {
			return nil, fmt.Errorf("key %s cannot be read", key.Kid)
		}
		keys[key.Kid] = &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
	}
	return &verifier{next: next, config: config, keys: keys, verified: map[string]claims{}}, nil
}

func (v *verifier) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	cookie, err := req.Cookie("jwt")
	if err != nil {
		rw.WriteHeader(http.StatusUnauthorized)
		return
	}
	said, ok := v.verify(cookie.Value)
	if !ok || said.Exp <= time.Now().Unix() {
		rw.WriteHeader(http.StatusUnauthorized)
		return
	}
	req.Header.Set("X-User-ID", said.Sub)
	v.next.ServeHTTP(rw, req)
}

func (v *verifier) verify(token string) (claims, bool) {
	v.mutex.RLock()
	said, known := v.verified[token]
	v.mutex.RUnlock()
	if known {
		return said, true
	}
	said, ok := v.verifyAnew(token)
	if !ok {
		return claims{}, false
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if len(v.verified) >= capacity {
		v.verified = map[string]claims{}
	}
	v.verified[token] = said
	return said, true
}

func (v *verifier) verifyAnew(token string) (claims, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}, false
	}
	var header struct{ Alg, Kid, Typ string }
	var said claims
	if !decode(parts[0], &header) || !decode(parts[1], &said) {
		return claims{}, false
	}
	key := v.keys[header.Kid]
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if key == nil || header.Alg != "ES256" || header.Typ != "at+jwt" || err != nil || len(signature) != 64 {
		return claims{}, false
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	good := ecdsa.Verify(key, digest[:], r, s) && said.Iss == v.config.Issuer && said.Aud == v.config.Audience
	return said, good
}

func decode(part string, into interface{}) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}
