package pass

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// TLSBuilder makes the TLS of a module's targets once everything is loaded. Blocks with
// the same settings share one TLS, and so sessions and kept connections.
type TLSBuilder struct {
	b       *httpd.Builder
	prefix  string // "proxy"
	of      func(*conf.Block) *TLSSettings
	targets []tlsTarget
	ready   map[*TLSSettings]*TLS
}

// tlsTarget is a target that needs TLS, with the block of its directive.
type tlsTarget struct {
	block *conf.Block
	t     *Target
}

// NewTLSBuilder returns a TLSBuilder for the directives of a prefix. of returns the
// settings of a block.
func NewTLSBuilder(b *httpd.Builder, prefix string, of func(*conf.Block) *TLSSettings) *TLSBuilder {
	s := &TLSBuilder{b: b, prefix: prefix, of: of, ready: map[*TLSSettings]*TLS{}}
	b.Loader.AtEnd(s.build)
	return s
}

// Add makes t, a target of block, get its TLS if it needs one.
func (s *TLSBuilder) Add(block *conf.Block, t *Target) {
	if t.Addr.TLS || t.Value != nil {
		s.targets = append(s.targets, tlsTarget{block, t})
	}
}

// build reads the certificates.
func (s *TLSBuilder) build() error {
	for _, n := range s.targets {
		owner := s.owner(n.block)
		ready := s.ready[owner]
		if ready == nil {
			var err error
			if ready, err = owner.Build(s.b, s.prefix); err != nil {
				return err
			}
			s.ready[owner] = ready
		}
		n.t.TLS = ready
	}
	return nil
}

// owner returns the outermost block's settings that are the same.
func (s *TLSBuilder) owner(b *conf.Block) *TLSSettings {
	c := s.of(b)
	for b.Parent != nil {
		up := s.of(b.Parent)
		if !up.Same(c) {
			break
		}
		c, b = up, b.Parent
	}
	return c
}
