package settings

import (
	"os"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/httpd/mediatype"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/resolver"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Core are the http_core settings of a location.
type Core struct {
	Root      *script.Value // nil: the default, "html"
	Alias     bool
	AliasLen  int // length of the location's name that alias replaces, AliasRegex: alias gives the whole path
	rootBlock *conf.Block

	Types       *mediatype.Table
	DefaultType []byte

	Internal         bool
	SatisfyAny       bool
	AuthDelay        int64 // ms
	MaxBodySize      int64
	BodyBufferSize   int64
	BodyTimeout      int64
	BodyInFile       int
	BodyTemp         diskfile.TempPath
	SendTimeout      int64
	Sendfile         bool
	sendfileMaxChunk int64
	TCPNoDelay       bool
	tcpNopush        bool
	PostponeOutput   int64
	Chunked          bool
	ETag             bool
	ifModifiedSince  int
	MaxRanges        int
	LimitRate        *script.Value
	LimitRateAfter   *script.Value

	KeepaliveTimeout    int64 // ms
	KeepaliveHeader     int64 // s, 0: no header
	KeepaliveMinTimeout int64
	KeepaliveRequests   int
	KeepaliveTime       int64
	KeepaliveDisable    conf.Slot[int]
	ResetTimedout       bool
	Lingering           int
	LingeringTime       int64
	LingeringTimeout    int64

	AbsoluteRedirect    bool
	ServerNameRedirect  bool
	PortRedirect        bool
	ServerTokens        int
	MSIERefresh         bool
	MSIEPadding         bool
	LogNotFound         bool
	LogSubrequest       bool
	RecursiveErrorPages bool
	ErrorPages          conf.List[*ErrorPage]

	OpenFiles       OpenFiles
	DisableSymlinks openfile.Symlinks
	SymlinksFrom    *script.Value
	resolver        *resolver.Resolver
	resolveTime     int64
	SubBufferSize   int64
	EarlyHints      conf.List[*script.Value]
	PostAction      string
}

const (
	LingerOff = iota
	LingerOn
	LingerAlways
)

const (
	imsOff = iota
	imsExact
	imsBefore
)

const (
	TokensUnset = iota
	TokensOff
	TokensOn
	TokensBuild
)

const (
	BodyFileOff = iota
	BodyFileOn
	BodyFileClean
)

const (
	DisableNone   = 1
	DisableMSIE6  = 2
	DisableSafari = 4
)

// Default returns the settings that hold where no directive says otherwise.
func Default(l *conf.Loader) Core {
	return Core{
		DefaultType: []byte("text/plain"), Types: mediatype.BuiltIn(),
		MaxBodySize: 1 << 20, BodyBufferSize: 2 * int64(os.Getpagesize()), BodyTimeout: 60000, SendTimeout: 60000,
		sendfileMaxChunk: 2 << 20, TCPNoDelay: true, PostponeOutput: 1460, Chunked: true, ETag: true,
		ifModifiedSince: imsExact, MaxRanges: -1, KeepaliveTimeout: 75000, KeepaliveRequests: 1000,
		KeepaliveTime: 3600000, KeepaliveDisable: conf.Slot[int]{V: DisableMSIE6}, Lingering: LingerOn,
		LingeringTime: 30000, LingeringTimeout: 5000, AbsoluteRedirect: true, PortRedirect: true,
		MSIEPadding: true, LogNotFound: true, resolveTime: 30000, SubBufferSize: 8192,
		OpenFiles: OpenFiles{inactive: 60, valid: 60, MinUses: 1},
		BodyTemp:  diskfile.TempPath{Dir: l.FullPath(l.Layout.ClientBodyTemp)},
	}
}

// IfModifiedSince reports the if_modified_since setting: whether the header
// counts at all, and whether only the exact time does.
func (c *Core) IfModifiedSince() (on, exact bool) {
	return c.ifModifiedSince != imsOff, c.ifModifiedSince == imsExact
}

// Resolver returns the location's resolver, nil if none is configured, and
// resolver_timeout.
func (c *Core) Resolver() (*resolver.Resolver, time.Duration) {
	return c.resolver, time.Duration(c.resolveTime) * time.Millisecond
}
