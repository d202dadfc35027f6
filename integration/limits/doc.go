// Package limits tests bounds on what responses do not show: resident memory, descriptors, goroutines,
// processor time, and the seconds until an event, while a client or an application misbehaves or the
// configuration is read again. Linux only: the figures come from /proc.
//
// # How to write a case
//
// A case is a test in a file NAME_linux_test.go. Its server is a setup: the text of an archive as in integration/cases
// (http.conf or nginx.conf, files, `fill:` and so on, with %%ADDR%%, %%UPSTREAM%% and the other placeholders), and what the
// applications at %%UPSTREAM%% and %%UPSTREAM_2%% do, as a function of one connection.
//
//	s := start(t, tested(), setup{text: conf, apps: apps(chunks(400*time.Millisecond, "one", "two"))})
//	c := s.dial()
//	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
//	got := c.receive(5 * time.Second) // all bytes with their times, up to the end of the connection
//
// What is measured:
//
//	s.growth(func)         bytes of resident memory at the highest above what they were before, all processes of the server
//	s.memory()             bytes of resident memory now; s.settled() once they change no more
//	s.descriptors()        open descriptors; s.descriptorsOf("sub") those whose target has sub in its name
//	s.goroutines()         goroutines of the server under test (nginx has none), but for
//	s.serving()            those that serve connections, some of which are kept
//	s.cpu()                processor time used so far
//	s.ping("/x"), s.knock  the longest wait of another client for an answer to /x, on a kept connection or with a new one
//	                       each time, until the function that is returned is called
//	c.drip, c.receive      how long the server accepts single bytes at intervals, and which bytes arrived when
//
// The bound of a case is a figure, or nginx's:
//
//	beside(t, setup{…}, 20*time.Millisecond, func(s *site) time.Duration { … })
//
// measures nginx and the server under test one after the other; the bound is nginx's value plus the slack. A value that
// is too large is measured again, three times in all, because the machine may be busy. A bound that is measured once and
// without nginx needs slack for a machine that is four times as slow, and must still fail with the fault.
//
// Cases that measure no short times call t.Parallel(). Cases that measure short times do not call it: they run first, one after
// the other. All of the package is to take less than three minutes on two processors: choose timeouts of
// one or two seconds, sizes of 20 to 150 MB.
//
// setup.own starts the server with the rights of the test. Started by root, it has a master and a worker then, and the
// configuration needs `user nobody nogroup;`. eachWay runs a case with those rights and without.
package limits
