package runtime

import "github.com/sluiceproxy/sluice/runtime/conf"

// refuse names the blocks of nginx's modules that are missing here.
func refuse(l *conf.Loader) {
	l.Refuse("stream", conf.Main, conf.Stream)
	l.Refuse("server", conf.Stream, conf.StreamServer)
	l.Refuse("upstream", conf.Stream, conf.StreamUpstream)
	l.Refuse("mail", conf.Main, conf.Mail)
	l.Refuse("server", conf.Mail, conf.MailServer)
	l.Refuse("match", conf.Stream, conf.Match)
	l.Opaque("match")
	l.Refuse("mgmt", conf.Main, conf.Mgmt)
	l.Refuse("oidc_provider", conf.HTTP, conf.OIDCProvider)
	l.Refuse("otel_exporter", conf.HTTP, conf.OTelExporter)
}
