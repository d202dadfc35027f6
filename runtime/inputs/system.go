package inputs

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// lookupLimit bounds one question to the system's resolver.
const lookupLimit = 30 * time.Second

// System implements conf.Inputs: this machine's files and its resolver.
type System struct{ conf.Files }

// LookupHost asks the system's resolver for the addresses of a name.
func (System) LookupHost(host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupLimit)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}
