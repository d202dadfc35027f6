package http2

import (
	"errors"
	"io"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
	"github.com/sluiceproxy/sluice/runtime/wire/hpack"
)

// Serve is HTTP/2 as an httpd.Protocol.
func Serve(fc *front.Conn) {
	c := newConn(fc)
	c.begin()
	c.read()
}

// Conn is a connection that speaks HTTP/2. What is not under mu belongs to its reader.
type Conn struct {
	conn *front.Conn
	nc   front.Transport // of conn
	rw   io.ReadWriter   // of conn: nc, or plain text

	endpoint *httpd.Endpoint  // where the connection came in, as of the last refresh
	http2    *settings.HTTP2  // of the server that the handshake has chosen
	server   *settings.Server // the same
	core     *settings.Core   // the same

	in           *buf.Buf // what was read and is not used yet: in.B[inPos:inEnd]
	inPos, inEnd int
	prefaced     bool // the client's preface has come
	frame        partialFrame
	block        headerBlock
	decoder      hpack.Decoder

	requests   uint64 // so far
	arrived    int64  // clock.Mono at which the input was noticed
	last       uint32 // the highest stream so far
	received   int64  // bytes
	payload    int64  // of these and of the bytes sent: bytes of requests and responses
	priorities int    // PRIORITY frames that may still come
	refused    int    // streams so far
	atOnce     int    // streams since the last read
	wakeups    int    // of an idle connection
	window     int64  // for the client's DATA frames
	acked      bool   // the client has acknowledged the settings

	mu        sync.Mutex
	streams   []*Stream // whose requests are under way, in the order of their numbers
	out       output
	send      int64 // the client's window for all streams
	initial   int64 // the client's window for a new stream
	frameSize int   // the largest frame that the client takes
	shrunk    bool  // the next header block has to say that no table is used
	goaway    bool  // GOAWAY was sent: no stream begins any more
	parked    bool  // nobody reads: the connection waits in the idle poller, while there are streams
	ended     bool  // nothing is read any more: the connection closes with its last stream
	err       error // that ended writing
	gaveUp    bool  // the reader's write waits: there is another reader
	since     int64 // clock.Mono at which the connection was last without streams, or began
	sent      int64 // bytes, and those of their payload
	sentData  int64

	info netaddr.Addr // see Local

	readFn   func()
	resumeFn func(*netio.Conn, netio.Event)
	giveUpFn func()
}

var conns = sync.Pool{New: func() any { return new(Conn) }}

// newConn takes a connection over that front has opened.
func newConn(fc *front.Conn) *Conn {
	c := conns.Get().(*Conn)
	if c.readFn == nil {
		c.readFn, c.resumeFn, c.giveUpFn = c.readOn, c.resume, c.giveUp
	}
	c.conn, c.nc, c.rw = fc, fc.Transport(), fc.Stream()
	c.info = *c.nc.Local()
	fc.Client.Socket = (*socket)(c)
	c.follow()
	c.window, c.send, c.initial, c.frameSize = h2.MaxWindow, h2.DefaultWindow, h2.DefaultWindow, h2.DefaultFrameSize
	c.priorities = max(c.http2.MaxStreams, minRefused)
	c.decoder.Reset(hpack.DefaultTableSize)
	c.since = clock.Mono()
	c.arrived = c.since
	return c
}

// follow takes over what front has derived from the configuration.
func (c *Conn) follow() {
	c.endpoint = c.conn.Endpoint().(*httpd.Endpoint)
	s := c.endpoint.Addr.Default
	if choice, ok := c.conn.Chosen.(*httpd.SNIChoice); ok && choice != nil {
		s = choice.Server
	}
	c.http2, c.server, c.core = &s.HTTP2, s.Conf, s.Root.Core
}

// begin sends the settings, and takes over what came before HTTP/2 was known.
func (c *Conn) begin() {
	c.conn.Action("processing HTTP/2 connection")
	c.nc.SetWriteTimeout(httpd.Msec(c.core.SendTimeout))
	if c.core.TCPNoDelay {
		_ = c.nc.SetNoDelay(true)
	}
	c.in, c.inPos, c.inEnd = c.conn.TakeInput()
	b := c.out.room(settingsRoom)
	b = h2.AppendSettings(b,
		h2.Setting{ID: h2.MaxConcurrentStreams, Value: uint32(c.http2.MaxStreams)},
		h2.Setting{ID: h2.InitialWindowSize, Value: uint32(c.http2.PrereadSize)},
		h2.Setting{ID: h2.MaxFrameSizeSetting, Value: h2.MaxFrameSize})
	c.out.took(h2.AppendWindowUpdate(b, 0, h2.MaxWindow-h2.DefaultWindow))
}

// settingsRoom is more than what begin sends, in bytes.
const settingsRoom = 128

// close ends the connection and gives everything back. It has no streams, and nobody writes.
func (c *Conn) close() {
	fc := c.conn
	if fc.Crashed() {
		fc.Close()
		return
	}
	c.freeInput()
	c.block.free()
	c.out.free()
	decoder := c.decoder
	*c = Conn{readFn: c.readFn, resumeFn: c.resumeFn, giveUpFn: c.giveUpFn, decoder: decoder}
	conns.Put(c)
	fc.Close()
}

// debugging reports whether debug records are wanted.
func (c *Conn) debugging() bool { return c.conn.Debugging(errlog.DebugHTTP) }

// socket is what requests may ask of a Conn's socket, from several goroutines.
type socket Conn

// Local implements front.Socket.
func (s *socket) Local() *netaddr.Addr { return &s.info }

// TCPInfo implements front.Socket.
func (s *socket) TCPInfo(info *netaddr.TCPInfo) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nc.TCPInfo(info)
}

// SendRoom implements front.Socket: the client's window says it as well as the socket.
func (s *socket) SendRoom() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(min(s.send, int64(s.nc.SendRoom())))
}

// errEnded is the end of a connection whose client has been told so.
var errEnded = errors.New("http2: the connection has ended")
