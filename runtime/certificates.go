package runtime

import (
	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/acme/issue"
)

// Certificates are those that acme_certificate serves. A worker is given them by its master,
// which follows its own Table; see docs/adr/0050.
func (h *Host) Certificates() *acme.Table { return h.certificates }

// prepareCertificates makes folders, and takes what was obtained before, so that cfg begins with it.
func (h *Host) prepareCertificates(cfg *Config) error {
	if !cfg.wanted.Orders() {
		return nil
	}
	if h.issuing == nil {
		h.issuing = issue.NewManager(issue.Options{Table: h.certificates, Log: h.Log})
	}
	return h.issuing.Prepare(&cfg.wanted)
}

// wantCertificates has the certificates of the configuration in effect obtained; where this process
// follows another one, that does.
func (h *Host) wantCertificates(cfg *Config, follows bool) {
	h.certificates.Keep(&cfg.wanted)
	if h.issuing != nil && !follows {
		h.issuing.Apply(&cfg.wanted)
	}
}

// StopIssuing ends what is under way to obtain certificates, without waiting for it. Those that are there
// are served.
func (h *Host) StopIssuing() {
	if h.issuing != nil {
		h.issuing.Apply(nil)
	}
}

// ResumeIssuing undoes StopIssuing.
func (h *Host) ResumeIssuing(cfg *Config) {
	if h.issuing != nil {
		h.issuing.Apply(&cfg.wanted)
	}
}

// CloseIssuing is StopIssuing that waits.
func (h *Host) CloseIssuing() {
	if h.issuing != nil {
		h.issuing.Close()
	}
}
