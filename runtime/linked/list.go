package linked

// Links are the links of an element, which embeds them.
type Links[T any] struct {
	prev, next *T
	listed     bool
}

// Next returns the element behind this one, nil for the last one.
func (l *Links[T]) Next() *T { return l.next }

// Listed reports whether the element is in a list.
func (l *Links[T]) Listed() bool { return l.listed }

func (l *Links[T]) links() *Links[T] { return l }

// Element is a pointer to a type that embeds its Links.
type Element[T any] interface {
	*T
	links() *Links[T]
}

// List is a list of elements. The zero List is empty.
type List[T any, P Element[T]] struct{ first, last *T }

// First returns the first element, nil if there is none.
func (l *List[T, P]) First() *T { return l.first }

// Last returns the last element, nil if there is none.
func (l *List[T, P]) Last() *T { return l.last }

// PushFront adds e, which is in no list, as the first element.
func (l *List[T, P]) PushFront(e *T) {
	*P(e).links() = Links[T]{next: l.first, listed: true}
	if l.first != nil {
		P(l.first).links().prev = e
	} else {
		l.last = e
	}
	l.first = e
}

// PushBack adds e, which is in no list, as the last element.
func (l *List[T, P]) PushBack(e *T) {
	*P(e).links() = Links[T]{prev: l.last, listed: true}
	if l.last != nil {
		P(l.last).links().next = e
	} else {
		l.first = e
	}
	l.last = e
}

// Remove takes e out of the list. It does nothing if e is in no list.
func (l *List[T, P]) Remove(e *T) {
	k := P(e).links()
	if !k.listed {
		return
	}
	if k.prev != nil {
		P(k.prev).links().next = k.next
	} else {
		l.first = k.next
	}
	if k.next != nil {
		P(k.next).links().prev = k.prev
	} else {
		l.last = k.prev
	}
	*k = Links[T]{}
}
