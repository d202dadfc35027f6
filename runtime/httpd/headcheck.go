package httpd

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Recognise finds the browsers that some work-arounds are about.
func (h *HeadersIn) Recognise(ua []byte) { h.UserAgent = recognise(ua) }

func recognise(ua []byte) (a agent) {
	if i := bytes.Index(ua, []byte("MSIE ")); i >= 0 && i+7 < len(ua) {
		a |= agentMSIE
		if ua[i+6] == '.' {
			switch ua[i+5] {
			case '4', '5':
				a |= agentMSIE6
			case '6':
				if !bytes.Contains(ua[i+8:], []byte("SV1")) {
					a |= agentMSIE6
				}
			}
		}
	}
	if bytes.Contains(ua, []byte("Opera")) {
		return a&^(agentMSIE|agentMSIE6) | agentOpera
	}
	if a&agentMSIE == 0 {
		switch {
		case bytes.Contains(ua, []byte("Gecko/")):
			a |= agentGecko
		case bytes.Contains(ua, []byte("Chrome/")):
			a |= agentChrome
		case bytes.Contains(ua, []byte("Safari/")) && bytes.Contains(ua, []byte("Mac OS X")):
			a |= agentSafari
		case bytes.Contains(ua, []byte("Konqueror")):
			a |= agentKonqueror
		}
	}
	return a
}

// ChooseServer picks the server block for a host name.
func (r *Request) ChooseServer(host []byte) Result {
	names := r.listen.Names
	if names == nil {
		return OK
	}
	if r.sni != nil && r.sni.Name != "" && string(host) == r.sni.Name {
		if r.sni.Regex != nil && !r.Match(r.sni.Regex, host) {
			return StatusInternalServerError
		}
		return OK
	}
	srv, re, caps, ok := names.Lookup(host, r.captures)
	r.captures = caps
	if !ok && re != nil {
		return StatusInternalServerError
	}
	if r.sni != nil && r.sni.Name != "" {
		if !ok {
			srv, ok = r.listen.Default, true
		}
		if srv.VerifyClient {
			r.Logf(errlog.Info, nil, "client attempted to request the server name different from the one that was negotiated")
			return StatusMisdirected
		}
	}
	if !ok {
		return OK
	}
	if re != nil {
		r.captureData = host
		r.setNamed(re)
	}
	r.srv, r.loc = srv, srv.Root
	r.setLog(r.loc.Log)
	return OK
}
