package pass

import (
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// Prober makes exchanges that check a peer of a location's upstream: with the
// location's settings, to the target that the request of the probe names.
type Prober interface {
	Probe(r *httpd.Request) *Exchange
}

// MessageProber is a Prober of gRPC.
type MessageProber interface {
	// ProbeMessage is Probe for a call with one message, in the form that it has in a request's body.
	ProbeMessage(r *httpd.Request, message []byte) *Exchange
}

// passing is what a location passes its requests on with.
type passing struct {
	up     *Upstream // nil: it is known at run time
	prober Prober
}

// SetProber tells that the requests of a block are passed to t.
func (s *Upstreams) SetProber(block *conf.Block, t *Target, p Prober) {
	if s.passing == nil {
		s.passing = map[*conf.Block]passing{}
	}
	s.passing[block] = passing{t.Up, p}
}

// ProberOf returns the upstream block that the requests of a block are passed to, nil
// for none, and what makes exchanges with its peers.
func (s *Upstreams) ProberOf(block *conf.Block) (*Upstream, Prober) {
	p := s.passing[block]
	if p.up == nil || !p.up.explicit {
		return nil, nil
	}
	return p.up, p.prober
}

// Check is a health_check of an upstream block, for the explanation of a configuration.
type Check struct {
	URI       string
	Match     string // the match block; "": the status has to be 2xx or 3xx
	Mandatory bool   // no server is asked before it has passed one
}

// AddCheck notes that the servers of the block are checked.
func (u *Upstream) AddCheck(c Check) { u.checks = append(u.checks, c) }

// ProbeSpec says which peer is asked.
type ProbeSpec struct {
	Group *upstream.Group // whose peer it is
	Addr  netaddr.Addr
	// Conn is a connection that an earlier probe has kept, nil for none.
	Conn *upstream.Conn
	// Body is how many bytes of the body are read at most; 0: none is.
	Body int
	// Keep says that the connection is kept where that is possible.
	Keep bool
}

// Probe sends the request to one peer and reads the response into x.Response. False:
// there is none, and why is logged. kept is the connection for the next probe. The
// memory of the response is x's. The caller releases the request.
func (x *Exchange) Probe(p *ProbeSpec) (body []byte, kept *upstream.Conn, ok bool) {
	x.probing, x.watch, x.held = true, true, p.Conn
	x.Up, x.Group = nil, group(string(p.Group.Name), []netaddr.Addr{p.Addr})
	x.Group.Dial = p.Group.Dial
	if x.build() != httpd.OK {
		x.dropHeld()
		return nil, nil, false
	}
	x.choose()
	fail, rc := x.attempt()
	x.dropHeld()
	if ok = rc == httpd.OK && x.Response.Status != 0 && (fail == 0 || fail&failStatus != 0); ok {
		x.codec.BeginBody(x)
		if x.Invalid {
			ok = false
		} else if p.Body > 0 || p.Keep {
			body, ok = x.probeBody(max(p.Body, probeDrain))
		}
	} else if fail == FailTimeout {
		x.R.Errorf(errTimedOut, "upstream timed out")
	}
	if ok && p.Keep && x.Keepalive && x.bodySent && !x.Ambiguous && !x.gone.Load() {
		x.endWatch()
		kept, x.conn = x.conn, nil
	}
	x.done()
	return body, kept, ok
}

// failStatus are the reasons to ask another peer that are a response.
const failStatus = Fail500 | Fail502 | Fail503 | Fail504 | Fail403 | Fail404 | Fail429

// probeDrain is how much of a body is read for the sake of the next probe.
const probeDrain = 64 << 10

// dropHeld closes a kept connection that was not used.
func (x *Exchange) dropHeld() {
	if x.held != nil {
		x.held.Close()
		x.held = nil
	}
}

// takeHeld takes the kept connection into use, unless the peer has closed it.
func (x *Exchange) takeHeld() bool {
	c := x.held
	if c == nil || c.Readable() {
		return false
	}
	x.held, x.conn = nil, c
	c.Sent = 0
	x.state().Connect = 0
	x.beginWatch()
	return true
}

// probeBody reads the body, up to a limit, for which the time for one read counts once.
// False: the response is broken.
func (x *Exchange) probeBody(limit int) (body []byte, ok bool) {
	x.R.Action("reading response body from upstream")
	x.headUntil = clock.Mono() + int64(msec(x.S.ReadTimeout))
	defer func() { x.headUntil = 0 }()
	in := x.in.B[x.inPos:x.inEnd]
	var b []byte
	for {
		for len(in) > 0 {
			data, n, st := x.codec.Body(x, in)
			body = append(body, data[:min(len(data), limit-len(body))]...)
			if st == BodyDone || st == BodyBroken {
				return body, st == BodyDone
			}
			in = in[n:]
		}
		if x.Length == 0 && !x.Response.Chunked || len(body) >= limit {
			return body, true
		}
		if b == nil {
			b = make([]byte, probeRead)
		}
		_, n, err := x.wait(nil, b)
		switch {
		case n > 0:
			in = b[:n]
		case isEOF(err) && x.Length == -1:
			return body, true
		default:
			if fail, _ := x.readFailed(err); fail == FailTimeout {
				x.R.Errorf(errTimedOut, "upstream timed out")
			}
			return body, false
		}
	}
}

// probeRead is how much of a body is read at once.
const probeRead = 16 << 10
