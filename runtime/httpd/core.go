package httpd

import (
	"errors"
	"os"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/mediatype"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/resolver"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// ServerConf are the http_core settings that hold before a location is
// chosen: http and server level only.
type ServerConf struct {
	HeaderBufferSize   int64
	LargeHeaderBuffers conf.Buffers
	HeaderTimeout      int64 // ms
	IgnoreInvalid      bool
	MergeSlashes       bool
	Underscores        bool
	MaxHeaders         int
	connectionPool     int64 // only compared with the size of largeHeaderBuffers
}

// Core are the http_core settings of a location.
type Core struct {
	root      *script.Value // nil: the default, "html"
	alias     bool
	aliasLen  int // length of the location's name that alias replaces
	rootBlock *conf.Block

	types       *mediatype.Table
	defaultType []byte

	internal         bool
	satisfyAny       bool
	authDelay        int64 // ms
	MaxBodySize      int64
	bodyBufferSize   int64
	bodyTimeout      int64
	bodyInFile       int
	bodyTemp         diskfile.TempPath
	SendTimeout      int64
	Sendfile         bool
	sendfileMaxChunk int64
	tcpNodelay       bool
	tcpNopush        bool
	PostponeOutput   int64
	Chunked          bool
	etag             bool
	ifModifiedSince  int
	maxRanges        int
	limitRate        *script.Value
	limitRateAfter   *script.Value

	KeepaliveTimeout    int64 // ms
	KeepaliveHeader     int64 // s, 0: no header
	KeepaliveMinTimeout int64
	keepaliveRequests   int
	keepaliveTime       int64
	keepaliveDisable    conf.Slot[int]
	ResetTimedout       bool
	Lingering           int
	LingeringTime       int64
	LingeringTimeout    int64

	AbsoluteRedirect    bool
	ServerNameRedirect  bool
	PortRedirect        bool
	ServerTokens        int
	msieRefresh         bool
	msiePadding         bool
	logNotFound         bool
	logSubrequest       bool
	recursiveErrorPages bool
	errorPages          conf.List[*errorPage]

	openCache     openFileCache
	disableLinks  openfile.Symlinks
	linksFrom     *script.Value
	resolver      *resolver.Resolver
	resolveTime   int64
	subBufferSize int64
	earlyHints    conf.List[*script.Value]
	PostAction    string
}

// openFileCache are the open_file_cache directives.
type openFileCache struct {
	max      int
	inactive int64
	valid    int64
	minUses  int
	errors   bool
	off      bool
	validity time.Duration
	cache    *openfile.FileCache
}

const (
	lingerOff = iota
	LingerOn
	LingerAlways
)

const (
	imsOff = iota
	imsExact
	imsBefore
)

const (
	tokensUnset = iota
	tokensOff
	TokensOn
	tokensBuild
)

const (
	bodyFileOff = iota
	bodyFileOn
	bodyFileClean
)

const (
	disableNone   = 1
	disableMSIE6  = 2
	disableSafari = 4
)

func defaultServerConf() ServerConf {
	return ServerConf{
		HeaderBufferSize: 1024, LargeHeaderBuffers: conf.Buffers{Num: 4, Size: 8192},
		HeaderTimeout: 60000, IgnoreInvalid: true, MergeSlashes: true, MaxHeaders: 1000,
		connectionPool: 512,
	}
}

func (b *Builder) defaultCore() Core {
	return Core{
		defaultType: []byte("text/plain"), types: mediatype.BuiltIn(),
		MaxBodySize: 1 << 20, bodyBufferSize: 2 * int64(os.Getpagesize()), bodyTimeout: 60000, SendTimeout: 60000,
		sendfileMaxChunk: 2 << 20, tcpNodelay: true, PostponeOutput: 1460, Chunked: true, etag: true,
		ifModifiedSince: imsExact, maxRanges: -1, KeepaliveTimeout: 75000, keepaliveRequests: 1000,
		keepaliveTime: 3600000, keepaliveDisable: conf.Slot[int]{V: disableMSIE6}, Lingering: LingerOn,
		LingeringTime: 30000, LingeringTimeout: 5000, AbsoluteRedirect: true, PortRedirect: true,
		msiePadding: true, logNotFound: true, resolveTime: 30000, subBufferSize: 8192,
		openCache: openFileCache{inactive: 60, valid: 60, minUses: 1},
		bodyTemp:  diskfile.TempPath{Dir: b.Loader.FullPath(b.Loader.Layout.ClientBodyTemp)},
	}
}

func bindServerConf(c *ServerConf, t *conf.Table) {
	t.Size("client_header_buffer_size", &c.HeaderBufferSize)
	t.Bufs("large_client_header_buffers", &c.LargeHeaderBuffers)
	t.Msec("client_header_timeout", &c.HeaderTimeout)
	t.Flag("ignore_invalid_headers", &c.IgnoreInvalid)
	t.Flag("merge_slashes", &c.MergeSlashes)
	t.Flag("underscores_in_headers", &c.Underscores)
	t.Num("max_headers", &c.MaxHeaders)
	t.Func("connection_pool_size", func(cmd *conf.Cmd) (err error) {
		c.connectionPool, err = cmd.PoolSize()
		return err
	})
}

// finishServerConf checks the settings of servers. Those of http count where a
// server has none of its own.
func (b *Builder) finishServerConf(block *conf.Block, c *ServerConf) error {
	if !b.srvConf.Unused(block) && c.LargeHeaderBuffers.Size < c.connectionPool {
		return errors.New(`the "large_client_header_buffers" size must be equal to or greater than "connection_pool_size"`)
	}
	return nil
}

func (b *Builder) bindCore(c *Core, t *conf.Table) {
	b.bindPaths(c, t)
	b.bindBody(c, t)
	b.bindConnection(c, t)
	b.bindResponse(c, t)
}

func (b *Builder) bindPaths(c *Core, t *conf.Table) {
	t.Func("root", func(cmd *conf.Cmd) error { return b.setRoot(c, cmd) })
	t.Func("alias", func(cmd *conf.Cmd) error { return b.setRoot(c, cmd) })
	t.Block("types", func(cmd *conf.Cmd) error {
		types, err := c.types.Read(cmd)
		if err == nil {
			c.types = types
		}
		return err
	})
	t.Func("default_type", func(cmd *conf.Cmd) error {
		c.defaultType = []byte(cmd.Arg(0))
		return nil
	})
	t.Func("error_page", func(cmd *conf.Cmd) error { return b.addErrorPage(c, cmd) })
	t.Flag("recursive_error_pages", &c.recursiveErrorPages)
	t.Func("internal", func(*conf.Cmd) error {
		c.internal = true
		return nil
	})
	t.Func("open_file_cache", func(cmd *conf.Cmd) error { return c.openCache.set(b, cmd) })
	t.Sec("open_file_cache_valid", &c.openCache.valid)
	t.Num("open_file_cache_min_uses", &c.openCache.minUses)
	t.Flag("open_file_cache_errors", &c.openCache.errors)
	t.Func("disable_symlinks", func(cmd *conf.Cmd) error { return b.setDisableSymlinks(c, cmd) })
	t.Func("resolver", func(cmd *conf.Cmd) error { return b.setResolver(c, cmd) })
	t.Msec("resolver_timeout", &c.resolveTime)
}

func (b *Builder) bindBody(c *Core, t *conf.Table) {
	t.Offset("client_max_body_size", &c.MaxBodySize)
	t.Size("client_body_buffer_size", &c.bodyBufferSize)
	t.Msec("client_body_timeout", &c.bodyTimeout)
	t.Enum("client_body_in_file_only", &c.bodyInFile, []conf.Choice{
		{Word: "off", Value: bodyFileOff}, {Word: "on", Value: bodyFileOn}, {Word: "clean", Value: bodyFileClean},
	})
	t.Func("client_body_temp_path", func(cmd *conf.Cmd) error { return c.bodyTemp.Set(cmd) })
	t.Size("subrequest_output_buffer_size", &c.subBufferSize)
}

func (b *Builder) bindConnection(c *Core, t *conf.Table) {
	t.Func("keepalive_timeout", func(cmd *conf.Cmd) error { return c.setKeepalive(cmd) })
	t.Msec("keepalive_min_timeout", &c.KeepaliveMinTimeout)
	t.Num("keepalive_requests", &c.keepaliveRequests)
	t.Msec("keepalive_time", &c.keepaliveTime)
	t.Bitmask("keepalive_disable", &c.keepaliveDisable, []conf.Choice{
		{Word: "none", Value: disableNone}, {Word: "msie6", Value: disableMSIE6}, {Word: "safari", Value: disableSafari},
	})
	t.Flag("reset_timedout_connection", &c.ResetTimedout)
	t.Enum("lingering_close", &c.Lingering, []conf.Choice{
		{Word: "off", Value: lingerOff}, {Word: "on", Value: LingerOn}, {Word: "always", Value: LingerAlways},
	})
	t.Msec("lingering_time", &c.LingeringTime)
	t.Msec("lingering_timeout", &c.LingeringTimeout)
	t.Msec("send_timeout", &c.SendTimeout)
	t.Flag("sendfile", &c.Sendfile)
	t.Size("sendfile_max_chunk", &c.sendfileMaxChunk)
	t.Flag("tcp_nodelay", &c.tcpNodelay)
	t.Flag("tcp_nopush", &c.tcpNopush)
	t.Size("postpone_output", &c.PostponeOutput)
	t.Func("limit_rate", func(cmd *conf.Cmd) error { return b.setRate(&c.limitRate, cmd) })
	t.Func("limit_rate_after", func(cmd *conf.Cmd) error { return b.setRate(&c.limitRateAfter, cmd) })
}

func (b *Builder) bindResponse(c *Core, t *conf.Table) {
	t.Func("satisfy", func(cmd *conf.Cmd) error {
		switch {
		case cmd.Arg(0) == "all":
			c.satisfyAny = false
		case cmd.Arg(0) == "any":
			c.satisfyAny = true
		default:
			return cmd.Errorf(`invalid value "%s"`, cmd.Arg(0))
		}
		return nil
	})
	t.Msec("auth_delay", &c.authDelay)
	t.Flag("chunked_transfer_encoding", &c.Chunked)
	t.Flag("etag", &c.etag)
	t.Enum("if_modified_since", &c.ifModifiedSince, []conf.Choice{
		{Word: "off", Value: imsOff}, {Word: "exact", Value: imsExact}, {Word: "before", Value: imsBefore},
	})
	t.Num("max_ranges", &c.maxRanges)
	t.Flag("absolute_redirect", &c.AbsoluteRedirect)
	t.Flag("server_name_in_redirect", &c.ServerNameRedirect)
	t.Flag("port_in_redirect", &c.PortRedirect)
	t.Enum("server_tokens", &c.ServerTokens, []conf.Choice{
		{Word: "off", Value: tokensOff}, {Word: "on", Value: TokensOn}, {Word: "build", Value: tokensBuild},
	})
	t.Flag("msie_refresh", &c.msieRefresh)
	t.Flag("msie_padding", &c.msiePadding)
	t.Flag("log_not_found", &c.logNotFound)
	t.Flag("log_subrequest", &c.logSubrequest)
	t.Str("post_action", &c.PostAction)
	t.Func("early_hints", func(cmd *conf.Cmd) error {
		for i := range cmd.Args {
			v, err := b.Value(cmd, i)
			if err != nil {
				return err
			}
			c.earlyHints.Add(cmd.Block, v)
		}
		return nil
	})
}

func (c *Core) setKeepalive(cmd *conf.Cmd) error {
	n, ok := conf.ParseMsec(cmd.Arg(0))
	if !ok {
		return cmd.Bad("invalid value")
	}
	c.KeepaliveTimeout = n
	if len(cmd.Args) == 2 { // else the field of the block around it holds
		if c.KeepaliveHeader, ok = conf.ParseSec(cmd.Arg(1)); !ok {
			return cmd.Bad("invalid value")
		}
	}
	return nil
}

// setRate reads limit_rate and limit_rate_after: a size, possibly with variables.
func (b *Builder) setRate(p **script.Value, cmd *conf.Cmd) error {
	v, err := b.Value(cmd, 0)
	if err != nil {
		return err
	}
	if text, static := v.Static(); static {
		if _, ok := conf.ParseSize(string(text)); !ok {
			return cmd.Bad("invalid value")
		}
	}
	*p = v
	return nil
}

// rate evaluates such a value; 0 is no limit.
func rate(v *script.Value, r *Request) int64 {
	if v == nil {
		return 0
	}
	n, ok := conf.ParseSize(string(v.Eval(r)))
	if !ok {
		return 0
	}
	return n
}

// The getters below are what modules may ask.

// Internal reports whether clients may not ask for the location (internal).
func (c *Core) Internal() bool { return c.internal }

// ETag reports the etag setting.
func (c *Core) ETag() bool { return c.etag }

// MaxRanges is the max_ranges setting, -1 for no limit.
func (c *Core) MaxRanges() int { return c.maxRanges }

// LogNotFound is the log_not_found setting.
func (c *Core) LogNotFound() bool { return c.logNotFound }

// IfModifiedSince reports the if_modified_since setting: whether the header
// counts at all, and whether only the exact time does.
func (c *Core) IfModifiedSince() (on, exact bool) {
	return c.ifModifiedSince != imsOff, c.ifModifiedSince == imsExact
}

// Resolver returns the location's resolver, nil if none is configured, and
// resolver_timeout.
func (c *Core) Resolver() (*resolver.Resolver, time.Duration) { return c.resolver, Msec(c.resolveTime) }

// setResolver handles the resolver directive.
func (b *Builder) setResolver(c *Core, cmd *conf.Cmd) error {
	settings, err := resolver.Parse(cmd.Values(), cmd.Loader.Inputs.LookupHost)
	if err != nil {
		return cmd.Errorf("%s", err.Error())
	}
	settings.Log = func(text string) { b.Env.Log.Log(errlog.Error, 0, nil, nil, "%s", text) }
	c.resolver = resolver.New(*settings)
	return nil
}

// BodyBufferSize is client_body_buffer_size.
func (c *Core) BodyBufferSize() int64 { return c.bodyBufferSize }

// SendfileOn reports the sendfile setting.
func (c *Core) SendfileOn() bool { return c.Sendfile }

// SatisfyAny reports whether one access check that grants is enough (satisfy
// any).
func (c *Core) SatisfyAny() bool { return c.satisfyAny }

// TCPNoDelay is the tcp_nodelay setting.
func (c *Core) TCPNoDelay() bool { return c.tcpNodelay }

// BodyTimeout is client_body_timeout in milliseconds.
func (c *Core) BodyTimeout() int64 { return c.bodyTimeout }
