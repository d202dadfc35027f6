package conf

import "reflect"

// slab allocates values of one type that live as long as a configuration. They stand together in pieces of memory of their
// own, which go as a whole: alone they would stand between what loading needs only for a moment, and keep its memory from
// being returned to the system.
type slab[T any] struct {
	free []T
	made int // the size of the last piece
}

// slabSize bounds a piece in bytes; the first ones are smaller. More than 32 KB is memory of its own for the Go runtime.
const slabSize = 64 << 10

// next returns a zero value.
func (s *slab[T]) next() *T {
	if len(s.free) == 0 {
		most := max(1, slabSize/max(1, int(reflect.TypeFor[T]().Size())))
		s.made = min(max(2*s.made, 1), most)
		s.free = make([]T, s.made)
	}
	v := &s.free[0]
	s.free = s.free[1:]
	return v
}
