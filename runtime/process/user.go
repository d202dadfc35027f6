package process

import (
	"fmt"
	"os/user"
	"strconv"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// User is whom a worker runs as: the user directive.
type User struct {
	Name     string
	UID, GID int
}

// LookupUser finds a user and a group by name; the group of an empty group is the
// one called like the user. Errors are nginx's: `getpwnam("x") failed`.
func LookupUser(name, group string) (User, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return User{}, fmt.Errorf("getpwnam(\"%s\") failed", name)
	}
	if group == "" {
		group = name
	}
	g, err := user.LookupGroup(group)
	if err != nil {
		return User{}, fmt.Errorf("getgrnam(\"%s\") failed", group)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return User{}, fmt.Errorf("getpwnam(\"%s\") failed", name)
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return User{}, fmt.Errorf("getgrnam(\"%s\") failed", group)
	}
	return User{Name: name, UID: uid, GID: gid}, nil
}

// Assume makes this process run as u, in all the groups that u is a member of. It
// needs the super-user and cannot be undone. After an error (an *errno.OpError) the
// process may be half way and should exit.
func (u User) Assume() error {
	if err := syscall.Setgid(u.GID); err != nil {
		return errno.Failed(fmt.Sprintf("setgid(%d)", u.GID), "", err)
	}
	groups := []int{u.GID}
	if known, err := user.Lookup(u.Name); err == nil {
		if ids, err := known.GroupIds(); err == nil {
			for _, id := range ids {
				if n, err := strconv.Atoi(id); err == nil && n != u.GID {
					groups = append(groups, n)
				}
			}
		}
	}
	if err := syscall.Setgroups(groups); err != nil {
		return errno.Failed(fmt.Sprintf("initgroups(%s, %d)", u.Name, u.GID), "", err)
	}
	if err := syscall.Setuid(u.UID); err != nil {
		return errno.Failed(fmt.Sprintf("setuid(%d)", u.UID), "", err)
	}
	return nil
}
