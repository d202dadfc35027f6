// Package listen reads the listen directive: addresses (parse.go) and the parameters that it
// has in every protocol (options.go). It joins the directives of several servers for one
// address (address.go), and decides which sockets are opened (sockets.go). It opens
// no socket: its result is a ListenSpec, which package front opens.
//
//	addrs, problem := listen.Addresses(cmd.Arg(0), 80, cmd.Loader.Inputs.LookupHost)
//	...
//	for i := 1; i < len(cmd.Args); i++ {
//		err := p.Option(cmd, cmd.Arg(i)) // after those that only the protocol has
//		...
//	}
//	spec := p.At(addrs[0])
//
// Not supported: quic, and udp, which only stream has.
package listen
