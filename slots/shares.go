package slots

// Parts is how many places of a slot each channel has.
type Parts map[Channel]int

// Split divides the capacities of a day's slots among the channels (domain rule
// 23). The parts of each slot add up to its capacity, and after every slot the
// places that a channel has had so far differ by less than one from its share of
// them all.
//
// One place after the other is given to a channel, as Tijdeman solved the
// "chairman assignment problem" (1980): among the channels that have fallen
// behind, the one that would be a whole place behind first.
func Split(capacities []int, s Shares) []Parts {
	weights := [3]int{s.Web, s.Phone, s.Counter}
	total := s.Web + s.Phone + s.Counter
	if total <= 0 || min(s.Web, s.Phone, s.Counter) < 0 {
		weights, total = [3]int{1, 0, 0}, 1 // nobody has a share: the public has it all
	}
	var behind [3]int // in parts of total: how much each channel is short of its share
	split := make([]Parts, len(capacities))
	for i, capacity := range capacities {
		split[i] = Parts{Web: 0, Phone: 0, Counter: 0}
		for range capacity {
			split[i][next(&behind, weights, total)]++
		}
	}
	return split
}

// next is the channel that gets the next place.
func next(behind *[3]int, weights [3]int, total int) Channel {
	chosen := -1
	for c := range weights {
		behind[c] += weights[c]
		if 4*behind[c] < total { // not yet a quarter of a place short, as for three channels
			continue
		}
		// Compares (3/4 - behind/total) / weight, how long a channel can still wait.
		if chosen < 0 || (3*total-4*behind[c])*weights[chosen] < (3*total-4*behind[chosen])*weights[c] {
			chosen = c
		}
	}
	behind[chosen] -= total
	return Channels()[chosen]
}
