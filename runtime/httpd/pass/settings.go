package pass

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Settings are the directives that every *_pass module has under its own
// prefix. Times are in milliseconds, sizes in bytes.
type Settings struct {
	ConnectTimeout, SendTimeout, ReadTimeout int64

	Next        conf.Slot[int] // of Fail bits
	NextTries   int
	NextTimeout int64

	BufferSize    int64
	Buffers       conf.Buffers
	BusySize      int64 // -1: twice the larger of the two sizes
	MaxTempSize   int64 // -1: 1 GB
	TempWriteSize int64 // -1: twice the larger of the two sizes
	Temp          diskfile.TempPath
	LimitRate     *script.Value

	Buffering, RequestBuffering      bool
	PassHeaders, PassBody            bool
	PassTrailers                     bool
	IgnoreClientAbort, ForceRanges   bool
	InterceptErrors, SocketKeepalive bool
	Intercept404                     bool // a 404 is never passed on
	RcvBuf, SndBuf                   int64
	// ProxyProtocol is the version of the PROXY protocol whose header begins each
	// connection, 0 for none.
	ProxyProtocol int
	Bind          *Bind // nil: none
	Ignore        conf.Slot[int]
	Hide, Pass    conf.List[string]
	Store         Store
	Cache         caching.Settings

	// Set by Finish.
	hidden   *NameSet
	pool     *buf.Pool // of BufferSize
	maxSpool int64     // MaxTempSize as it holds
}

// Defaults are nginx's, with the module's folder for temporary files.
func Defaults(b *httpd.Builder, temp string) Settings {
	const page = 4096
	return Settings{
		ConnectTimeout: 60000, SendTimeout: 60000, ReadTimeout: 60000,
		Next:       conf.Slot[int]{V: int(FailError | FailTimeout)},
		BufferSize: page, Buffers: conf.Buffers{Num: 8, Size: page}, BusySize: -1, MaxTempSize: -1, TempWriteSize: -1,
		Temp:      diskfile.TempPath{Dir: b.Loader.FullPath(temp), Levels: [3]int{1, 2}},
		Buffering: true, RequestBuffering: true, PassHeaders: true, PassBody: true,
		Store: Store{access: 0o600},
	}
}

// ignoreWords are the words of *_ignore_headers.
var ignoreWords = []conf.Choice{
	{Word: "X-Accel-Redirect", Value: ignoreRedirect},
	{Word: "X-Accel-Expires", Value: ignoreExpiresAccel},
	{Word: "X-Accel-Limit-Rate", Value: ignoreLimitRate},
	{Word: "X-Accel-Buffering", Value: ignoreBuffering},
	{Word: "X-Accel-Charset", Value: ignoreCharset},
	{Word: "Expires", Value: ignoreExpires},
	{Word: "Cache-Control", Value: ignoreCacheControl},
	{Word: "Set-Cookie", Value: ignoreSetCookie},
	{Word: "Vary", Value: ignoreVary},
}

const (
	ignoreRedirect = 1 << iota
	ignoreExpiresAccel
	ignoreLimitRate
	ignoreBuffering
	ignoreCharset
	ignoreExpires
	ignoreCacheControl
	ignoreSetCookie
	ignoreVary
)

// Table binds the directives under a prefix such as "proxy". next are the words
// of *_next_upstream that the module knows.
func (s *Settings) Table(b *httpd.Builder, t *conf.Table, prefix string, next []conf.Choice) {
	p := prefix + "_"
	s.Least(b, t, prefix, next)
	t.Bufs(p+"buffers", &s.Buffers)
	t.Size(p+"busy_buffers_size", &s.BusySize)
	t.Size(p+"max_temp_file_size", &s.MaxTempSize)
	t.Size(p+"temp_file_write_size", &s.TempWriteSize)
	t.Func(p+"temp_path", func(c *conf.Cmd) error { return s.Temp.Set(c) })
	t.Func(p+"limit_rate", func(c *conf.Cmd) error { return setSize(b, &s.LimitRate, c) })
	t.Flag(p+"buffering", &s.Buffering)
	t.Flag(p+"request_buffering", &s.RequestBuffering)
	t.Flag(p+"pass_request_headers", &s.PassHeaders)
	t.Flag(p+"pass_request_body", &s.PassBody)
	t.Flag(p+"ignore_client_abort", &s.IgnoreClientAbort)
	t.Flag(p+"force_ranges", &s.ForceRanges)
	s.Response(t, prefix)
	s.Store.table(b, t, p, &s.Cache)
}

// Response binds the directives about the header of a response, and about the buffers of the socket.
func (s *Settings) Response(t *conf.Table, prefix string) {
	p := prefix + "_"
	t.Flag(p+"intercept_errors", &s.InterceptErrors)
	t.Size(p+"socket_rcvbuf", &s.RcvBuf)
	t.Size(p+"socket_sndbuf", &s.SndBuf)
	t.Bitmask(p+"ignore_headers", &s.Ignore, ignoreWords)
	t.Func(p+"hide_header", func(c *conf.Cmd) error {
		s.Hide.Add(c.Block, c.Arg(0))
		return nil
	})
	t.Func(p+"pass_header", func(c *conf.Cmd) error {
		s.Pass.Add(c.Block, c.Arg(0))
		return nil
	})
}

// Least binds the directives that every *_pass module has.
func (s *Settings) Least(b *httpd.Builder, t *conf.Table, prefix string, next []conf.Choice) {
	p := prefix + "_"
	t.Msec(p+"connect_timeout", &s.ConnectTimeout)
	t.Msec(p+"send_timeout", &s.SendTimeout)
	t.Msec(p+"read_timeout", &s.ReadTimeout)
	t.Bitmask(p+"next_upstream", &s.Next, next)
	t.Num(p+"next_upstream_tries", &s.NextTries)
	t.Msec(p+"next_upstream_timeout", &s.NextTimeout)
	t.Size(p+"buffer_size", &s.BufferSize)
	t.Flag(p+"socket_keepalive", &s.SocketKeepalive)
	t.Func(p+"bind", func(c *conf.Cmd) error { return s.setBind(b, c) })
}

// setSize reads a size, possibly with variables.
func setSize(b *httpd.Builder, p **script.Value, c *conf.Cmd) error {
	v, err := b.Value(c, 0)
	if err != nil {
		return err
	}
	if text, static := v.Static(); static {
		if _, ok := conf.ParseSize(string(text)); !ok {
			return c.Bad("invalid value")
		}
	}
	*p = v
	return nil
}

// Finish checks the sizes against each other and derives what is used at run
// time. hide are the fields that are hidden by default.
func (s *Settings) Finish(prefix string, hide []string) error {
	p := prefix + "_"
	size := max(s.BufferSize, s.Buffers.Size)
	or := func(n, d int64) int64 {
		if n < 0 {
			return d
		}
		return n
	}
	larger := `the maximum of the value of "` + p + `buffer_size" and one of the "` + p + `buffers"`
	switch {
	case s.Buffers.Num < 2:
		return errors.New(`there must be at least 2 "` + p + `buffers"`)
	case or(s.BusySize, 2*size) < size:
		return errors.New(`"` + p + `busy_buffers_size" must be equal to or greater than ` + larger)
	case or(s.BusySize, 2*size) > int64(s.Buffers.Num-1)*s.Buffers.Size:
		return errors.New(`"` + p + `busy_buffers_size" must be less than the size of all "` + p + `buffers" minus one buffer`)
	case or(s.TempWriteSize, 2*size) < size:
		return errors.New(`"` + p + `temp_file_write_size" must be equal to or greater than ` + larger)
	case s.MaxTempSize > 0 && s.MaxTempSize < size:
		return errors.New(`"` + p + `max_temp_file_size" must be equal to zero to disable temporary files usage ` +
			`or must be equal to or greater than ` + larger)
	}
	s.maxSpool = or(s.MaxTempSize, 1<<30)
	s.FinishLeast(hide)
	return s.Cache.Finish(prefix, int(FailOff))
}

// FinishLeast is Finish for a module that has no directives but those of Least.
func (s *Settings) FinishLeast(hide []string) {
	if s.Next.V&int(FailOff) != 0 {
		s.Next.V = int(FailOff)
	}
	if s.pool = buf.Class(int(s.BufferSize)); s.pool == nil || s.pool.Size() != int(s.BufferSize) {
		s.pool = buf.NewPool(int(s.BufferSize))
	}
	s.hidden = NewNameSet(hide)
	for _, n := range s.Hide.Items {
		s.hidden.Add(n)
	}
	for _, n := range s.Pass.Items {
		s.hidden.Remove(n)
	}
}

// NameSet is a set of header field names.
type NameSet struct {
	known [h1.NumFields]bool
	other []string
}

// NewNameSet makes a set of names.
func NewNameSet(names []string) *NameSet {
	s := &NameSet{}
	for _, n := range names {
		s.Add(n)
	}
	return s
}

// Add adds a name.
func (s *NameSet) Add(name string) {
	if id := h1.LookupField([]byte(name)); id != h1.UnknownField {
		s.known[id] = true
	} else if !s.Has(id, []byte(name)) {
		s.other = append(s.other, name)
	}
}

// Remove takes a name out.
func (s *NameSet) Remove(name string) {
	if id := h1.LookupField([]byte(name)); id != h1.UnknownField {
		s.known[id] = false
		return
	}
	for i, o := range s.other {
		if h1.EqualFold([]byte(name), o) {
			s.other = append(s.other[:i:i], s.other[i+1:]...)
			return
		}
	}
}

// Has reports whether the set has a name, whose field ID the caller knows.
func (s *NameSet) Has(id h1.FieldID, name []byte) bool {
	if id != h1.UnknownField {
		return s.known[id]
	}
	for _, o := range s.other {
		if len(o) == len(name) && h1.EqualFold(name, o) {
			return true
		}
	}
	return false
}

// Bind is a *_bind directive: the local address of connections.
type Bind struct {
	text        *script.Value
	addr        netaddr.Addr // of a text without variables
	transparent bool
}

func (s *Settings) setBind(b *httpd.Builder, c *conf.Cmd) error {
	if len(c.Args) == 1 && c.Arg(0) == "off" {
		s.Bind = nil
		return nil
	}
	v, err := b.Value(c, 0)
	if err != nil {
		return err
	}
	bind := &Bind{text: v}
	if text, static := v.Static(); static {
		addr, ok := parseLocal(text)
		if !ok {
			return c.Errorf(`invalid address "%s"`, text)
		}
		bind.addr = addr
	}
	if len(c.Args) > 1 {
		if c.Arg(1) != "transparent" {
			return c.Errorf(`invalid parameter "%s"`, c.Arg(1))
		}
		bind.transparent = true
		c.Loader.RawSockets = true
	}
	s.Bind = bind
	return nil
}
