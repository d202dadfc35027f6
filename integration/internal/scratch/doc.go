// Package scratch makes Linux namespaces in which a test may change anything. The files are a copy-on-write view of the root
// file system of this machine; changes are kept in memory. The network is an empty loopback interface, so every port is free.
// The processes see only each other, and end when the namespaces are closed.
//
//	m, err := scratch.New(ctx, dir)
//	defer m.Close()
//	out, code, err := m.Run(ctx, "/etc/init.d/nginx", "start")
//	conn, err := m.Dial("127.0.0.1:80")
//	os.ReadFile(m.Path("/var/log/nginx/access.log"))
//
// It takes root, Linux with overlayfs, and the programs unshare, nsenter, mount, chroot and ip.
package scratch
