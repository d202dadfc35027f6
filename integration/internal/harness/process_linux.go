package harness

import "syscall"

// endWithParent has a process told to go, by SIGTERM, when the thread that started it ends: a master ends its workers then.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGTERM }
