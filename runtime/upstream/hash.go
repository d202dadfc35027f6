package upstream

import (
	"cmp"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
)

// IPHash chooses by the client's address: the first three bytes of an IPv4
// address, all of an IPv6 address, put into Choice.Key (ip_hash).
type IPHash struct{}

// Prepare implements Balancer.
func (IPHash) Prepare(*Set) {}

// ipHashSeed is nginx's start value.
const ipHashSeed = 89

// Pick implements Balancer.
func (IPHash) Pick(c *Choice, s *Set, now int64) int {
	if c.rehash == 0 {
		c.hash, c.rehash = ipHashSeed, 1
	}
	for ; c.rejected <= maxRejected && len(s.Peers) > 1; c.rejected++ {
		for _, b := range c.Key {
			c.hash = (c.hash*113 + uint32(b)) % 6271
		}
		if i := s.at(int(c.hash) % max(s.weight, 1)); !c.Tried(i) && s.Peers[i].alive(now) {
			return i
		}
	}
	return RoundRobin{}.Pick(c, s, now)
}

// Hash chooses by Choice.Key the way Cache::Memcached does: a change of the
// number of peers moves most keys (hash KEY).
type Hash struct{}

// Prepare implements Balancer.
func (Hash) Prepare(*Set) {}

// Pick implements Balancer.
func (Hash) Pick(c *Choice, s *Set, now int64) int {
	for ; c.rejected <= maxRejected && len(s.Peers) > 1 && len(c.Key) > 0; c.rejected++ {
		sum := uint32(0)
		if c.rehash > 0 {
			sum = crc32.Update(0, crc32.IEEETable, strconv.AppendInt(c.number[:0], int64(c.rehash), 10))
		}
		sum = crc32.Update(sum, crc32.IEEETable, c.Key)
		c.hash += sum >> 16 & 0x7fff
		c.rehash++
		if i := s.at(int(c.hash % uint32(max(s.weight, 1)))); !c.Tried(i) && s.Peers[i].alive(now) {
			return i
		}
	}
	return RoundRobin{}.Pick(c, s, now)
}

// Ketama chooses by Choice.Key on a ring, compatible with
// Cache::Memcached::Fast: a change of the peers moves only their keys (hash
// KEY consistent).
type Ketama struct{}

// point is a place on the ring.
type point struct {
	hash uint32
	line uint32 // place of its server line in Set.lines
}

// pointsPerWeight is how many places on the ring one unit of weight gives.
const pointsPerWeight = 160

// maxPoints bounds the ring: 32 MB. Up to a weight of 26,214 of all peers it is that of nginx, whose ring takes what the
// weights ask for. Weights may come from the API, and with service= from DNS.
const maxPoints = 4 << 20

// Prepare implements Balancer.
func (Ketama) Prepare(s *Set) {
	places := map[string]uint32{} // of server lines
	s.points = make([]point, 0, min(s.weight*pointsPerWeight, maxPoints+len(s.Peers)))
	for i, p := range s.Peers {
		line, known := places[p.Server]
		if !known {
			line = uint32(len(s.lines))
			places[p.Server] = line
			s.lines = append(s.lines, nil)
		}
		s.lines[line] = append(s.lines[line], i)
		host, port := splitServer(p.Server)
		base := crc32.ChecksumIEEE([]byte(host + "\x00" + port))
		prev := [4]byte{}
		for range pointsOf(p.weight, s.weight) {
			h := crc32.Update(base, crc32.IEEETable, prev[:])
			s.points = append(s.points, point{h, line})
			prev = [4]byte{byte(h), byte(h >> 8), byte(h >> 16), byte(h >> 24)}
		}
	}
	slices.SortStableFunc(s.points, func(a, b point) int { return cmp.Compare(a.hash, b.hash) })
	s.points = slices.CompactFunc(s.points, func(a, b point) bool { return a.hash == b.hash })
}

// pointsOf is how many places on the ring a peer has whose weight is a part of whole.
func pointsOf(weight, whole int) int {
	if whole*pointsPerWeight <= maxPoints {
		return weight * pointsPerWeight
	}
	return max(int(float64(weight)/float64(whole)*maxPoints), 1)
}

// splitServer takes the port off a server line's name.
func splitServer(name string) (host, port string) {
	if len(name) >= 5 && strings.EqualFold(name[:5], "unix:") {
		return name[5:], ""
	}
	for i := len(name) - 1; i >= 0; i-- {
		switch c := name[i]; {
		case c == ':':
			return name[:i], name[i+1:]
		case c < '0' || c > '9':
			return name, ""
		}
	}
	return name, ""
}

// Pick implements Balancer.
func (Ketama) Pick(c *Choice, s *Set, now int64) int {
	if s.single || len(c.Key) == 0 {
		return RoundRobin{}.Pick(c, s, now)
	}
	if len(s.points) == 0 {
		return -1
	}
	if c.rehash == 0 {
		c.hash, c.rehash = uint32(s.find(crc32.ChecksumIEEE(c.Key))), 1
	}
	for ; c.rejected <= maxRejected; c.rejected++ {
		if i := s.ofLine(c, s.points[int(c.hash)%len(s.points)].line, now); i >= 0 {
			return i
		}
		c.hash++
	}
	return RoundRobin{}.Pick(c, s, now)
}

// find returns the first point at or behind hash.
func (s *Set) find(hash uint32) int {
	i, _ := slices.BinarySearchFunc(s.points, hash, func(p point, h uint32) int { return cmp.Compare(p.hash, h) })
	return i
}

// ofLine alternates between the live addresses of one server line.
func (s *Set) ofLine(c *Choice, line uint32, now int64) int {
	t := smooth{best: -1}
	for _, i := range s.lines[line] {
		if !c.Tried(i) && s.Peers[i].alive(now) {
			t.add(s, i)
		}
	}
	return t.take(s)
}
