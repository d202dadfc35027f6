package settings

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/resolver"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Env is what the directives need of the configuration that they stand in.
type Env struct {
	// Compile makes a value of a text with variables.
	Compile func(text string) (*script.Value, error)
	// Place returns what is known of a location block; false: block is none.
	Place func(block *conf.Block) (Place, bool)
	// Log is the log for what a resolver has to say, of the configuration, once that is loaded.
	Log func() *errlog.Logger
	// OnRetire registers what is to be closed once the configuration is not current any more.
	OnRetire func(fn func())
	// OnStop registers what is to be closed once no connection uses it any more.
	OnStop func(fn func())
}

// Place is where alias stands.
type Place struct {
	Name         string // of the location
	Named, Regex bool
}

// value compiles argument i of c as a text with variables.
func (e *Env) value(c *conf.Cmd, i int) (*script.Value, error) {
	v, err := e.Compile(c.Arg(i))
	if err != nil {
		return nil, c.Errorf("%s", err.Error())
	}
	return v, nil
}

// Bind ties the directives to the settings.
func (e *Env) Bind(c *Core, t *conf.Table) {
	e.bindPaths(c, t)
	e.bindBody(c, t)
	e.bindConnection(c, t)
	e.bindResponse(c, t)
}

func (e *Env) bindPaths(c *Core, t *conf.Table) {
	t.Func("root", func(cmd *conf.Cmd) error { return e.setRoot(c, cmd) })
	t.Func("alias", func(cmd *conf.Cmd) error { return e.setRoot(c, cmd) })
	t.Block("types", func(cmd *conf.Cmd) error {
		types, err := c.Types.Read(cmd)
		if err == nil {
			c.Types = types
		}
		return err
	})
	t.Func("default_type", func(cmd *conf.Cmd) error {
		c.DefaultType = []byte(cmd.Arg(0))
		return nil
	})
	t.Func("error_page", func(cmd *conf.Cmd) error { return e.addErrorPage(c, cmd) })
	t.Flag("recursive_error_pages", &c.RecursiveErrorPages)
	t.Func("internal", func(*conf.Cmd) error {
		c.Internal = true
		return nil
	})
	t.Func("open_file_cache", func(cmd *conf.Cmd) error { return c.OpenFiles.set(e, cmd) })
	t.Sec("open_file_cache_valid", &c.OpenFiles.valid)
	t.Num("open_file_cache_min_uses", &c.OpenFiles.MinUses)
	t.Flag("open_file_cache_errors", &c.OpenFiles.Errors)
	t.Func("disable_symlinks", func(cmd *conf.Cmd) error { return e.setDisableSymlinks(c, cmd) })
	t.Func("resolver", func(cmd *conf.Cmd) error { return e.setResolver(c, cmd) })
	t.Msec("resolver_timeout", &c.resolveTime)
}

func (e *Env) bindBody(c *Core, t *conf.Table) {
	t.Offset("client_max_body_size", &c.MaxBodySize)
	t.Size("client_body_buffer_size", &c.BodyBufferSize)
	t.Msec("client_body_timeout", &c.BodyTimeout)
	t.Enum("client_body_in_file_only", &c.BodyInFile, []conf.Choice{
		{Word: "off", Value: BodyFileOff}, {Word: "on", Value: BodyFileOn}, {Word: "clean", Value: BodyFileClean},
	})
	t.Func("client_body_temp_path", func(cmd *conf.Cmd) error { return c.BodyTemp.Set(cmd) })
	t.Size("subrequest_output_buffer_size", &c.SubBufferSize)
}

func (e *Env) bindConnection(c *Core, t *conf.Table) {
	t.Func("keepalive_timeout", func(cmd *conf.Cmd) error { return c.setKeepalive(cmd) })
	t.Msec("keepalive_min_timeout", &c.KeepaliveMinTimeout)
	t.Num("keepalive_requests", &c.KeepaliveRequests)
	t.Msec("keepalive_time", &c.KeepaliveTime)
	t.Bitmask("keepalive_disable", &c.KeepaliveDisable, []conf.Choice{
		{Word: "none", Value: DisableNone}, {Word: "msie6", Value: DisableMSIE6}, {Word: "safari", Value: DisableSafari},
	})
	t.Flag("reset_timedout_connection", &c.ResetTimedout)
	t.Enum("lingering_close", &c.Lingering, []conf.Choice{
		{Word: "off", Value: LingerOff}, {Word: "on", Value: LingerOn}, {Word: "always", Value: LingerAlways},
	})
	t.Msec("lingering_time", &c.LingeringTime)
	t.Msec("lingering_timeout", &c.LingeringTimeout)
	t.Msec("send_timeout", &c.SendTimeout)
	t.Flag("sendfile", &c.Sendfile)
	t.Size("sendfile_max_chunk", &c.sendfileMaxChunk)
	t.Flag("tcp_nodelay", &c.TCPNoDelay)
	t.Flag("tcp_nopush", &c.tcpNopush)
	t.Size("postpone_output", &c.PostponeOutput)
	t.Func("limit_rate", func(cmd *conf.Cmd) error { return e.setRate(&c.LimitRate, cmd) })
	t.Func("limit_rate_after", func(cmd *conf.Cmd) error { return e.setRate(&c.LimitRateAfter, cmd) })
}

func (e *Env) bindResponse(c *Core, t *conf.Table) {
	t.Func("satisfy", func(cmd *conf.Cmd) error {
		switch {
		case cmd.Arg(0) == "all":
			c.SatisfyAny = false
		case cmd.Arg(0) == "any":
			c.SatisfyAny = true
		default:
			return cmd.Errorf(`invalid value "%s"`, cmd.Arg(0))
		}
		return nil
	})
	t.Msec("auth_delay", &c.AuthDelay)
	t.Flag("chunked_transfer_encoding", &c.Chunked)
	t.Flag("etag", &c.ETag)
	t.Enum("if_modified_since", &c.ifModifiedSince, []conf.Choice{
		{Word: "off", Value: imsOff}, {Word: "exact", Value: imsExact}, {Word: "before", Value: imsBefore},
	})
	t.Num("max_ranges", &c.MaxRanges)
	t.Flag("absolute_redirect", &c.AbsoluteRedirect)
	t.Flag("server_name_in_redirect", &c.ServerNameRedirect)
	t.Flag("port_in_redirect", &c.PortRedirect)
	t.Enum("server_tokens", &c.ServerTokens, []conf.Choice{
		{Word: "off", Value: TokensOff}, {Word: "on", Value: TokensOn}, {Word: "build", Value: TokensBuild},
	})
	t.Flag("msie_refresh", &c.MSIERefresh)
	t.Flag("msie_padding", &c.MSIEPadding)
	t.Flag("log_not_found", &c.LogNotFound)
	t.Flag("log_subrequest", &c.LogSubrequest)
	t.Str("post_action", &c.PostAction)
	t.Func("early_hints", func(cmd *conf.Cmd) error {
		for i := range cmd.Args {
			v, err := e.value(cmd, i)
			if err != nil {
				return err
			}
			c.EarlyHints.Add(cmd.Block, v)
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

// setResolver handles the resolver directive.
func (e *Env) setResolver(c *Core, cmd *conf.Cmd) error {
	settings, err := resolver.Parse(cmd.Values(), cmd.Loader.Inputs.LookupHost)
	if err != nil {
		return cmd.Errorf("%s", err.Error())
	}
	settings.Log = func(text string) { e.Log().Log(errlog.Error, 0, nil, nil, "%s", text) }
	c.resolver = resolver.New(*settings)
	e.OnStop(c.resolver.Close)
	return nil
}
