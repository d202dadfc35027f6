package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Serve runs a GET request for path from its first phase to its end, on a connection
// that carrier stands for.
func Serve(cfg *Config, carrier Carrier, peer netaddr.Addr, path string) {
	client := &front.Client{}
	client.Begin(7, clock.Mono(), &peer, &backgroundCarrier{local: cfg.Addrs[0].Spec.Addr})
	r := NewRequest(&Origin{Config: cfg, Client: client, Carrier: carrier, Listen: cfg.Addrs[0]})
	r.Method, r.MethodStr, r.Version = h1.Get, methodGet, 1001
	r.URI, r.Unparsed = []byte(path), []byte(path)
	r.Serve(OK)
	r.Release()
}
