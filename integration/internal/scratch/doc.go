// Package scratch gives a test a machine to break: everything that is installed here, in namespaces of its own. Files are a
// copy-on-write view of this machine's root, changes go to memory; the network is an empty loopback interface, so every port
// is free; processes see only each other. What runs there cannot be seen from here, disturbs nothing here, and ends with the
// machine.
//
//	m, err := scratch.New(ctx, dir)
//	defer m.Close()
//	out, code, err := m.Run(ctx, "/etc/init.d/nginx", "start")
//	conn, err := m.Dial("127.0.0.1:80")
//	os.ReadFile(m.Path("/var/log/nginx/access.log"))
//
// It takes root, Linux with overlayfs, and the programs unshare, nsenter, mount, chroot and ip.
package scratch
