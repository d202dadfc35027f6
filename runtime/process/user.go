package process

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// User is the user and group that a worker runs as: the user directive.
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

// DefaultUser is the user of a worker without a user directive: "nobody", with the
// group that configure finds on a system: "nobody", or else "nogroup". Where there is
// not even a list of users, as in an image that holds one program, it goes by the
// numbers that these names stand for everywhere. Errors are LookupUser's.
func DefaultUser() (User, error) {
	if _, err := os.Stat("/etc/passwd"); os.IsNotExist(err) {
		return User{Name: "nobody", UID: nobodyID, GID: nobodyID}, nil
	}
	group := "nobody"
	if _, err := user.LookupGroup(group); err != nil {
		group = "nogroup"
	}
	return LookupUser("nobody", group)
}

const nobodyID = 65534

// groups are all that u is a member of, its own first: initgroups(3).
func (u User) groups() []int {
	groups := []int{u.GID}
	known, err := user.Lookup(u.Name)
	if err != nil {
		return groups
	}
	ids, err := known.GroupIds()
	if err != nil {
		return groups
	}
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err == nil && n != u.GID {
			groups = append(groups, n)
		}
	}
	return groups
}

// credential is u for a process that is to be started.
func (u User) credential() *syscall.Credential {
	c := &syscall.Credential{Uid: uint32(u.UID), Gid: uint32(u.GID)}
	for _, g := range u.groups() {
		c.Groups = append(c.Groups, uint32(g))
	}
	return c
}
