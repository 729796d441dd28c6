package model

import (
	"fmt"
	"slices"
	"strings"
)

// Report is what a search found.
type Report struct {
	States int // different states, each visited once

	// Served are the couples that are told "booked" in at least one run. A
	// protocol that serves nobody breaks no promise either.
	Served Couples

	// Broken has, for the code of each broken promise, a shortest way there.
	Broken map[string]Trace
}

// Explore visits every state that the protocol can reach in the scenario, the
// nearest first, and judges each by the promises. It goes on after a promise
// is broken: States is always the whole world.
func Explore(sc Scenario, p Protocol, promises []Promise) Report {
	s := &search{
		scenario: sc,
		protocol: p,
		seen:     make(map[State]struct{}),
		intact:   slices.Clone(promises),
		report:   Report{Broken: make(map[string]Trace)},
	}
	s.visit(sc.start(), nowhere)
	at := 0
	rules := &rules{sc, p, func(_ Step, to State) { s.visit(to, int32(at)) }}
	for ; at < len(s.found); at++ {
		rules.next(s.found[at].state)
	}
	s.report.States = len(s.found)
	return s.report
}

// search is breadth-first. It keeps no steps: they can be found again from the
// states on both sides of them, and a million states are many.
type search struct {
	scenario Scenario
	protocol Protocol
	found    []place // nearest first
	seen     map[State]struct{}
	intact   []Promise
	report   Report
}

type place struct {
	state State
	from  int32 // index of the place one step nearer, or nowhere
}

const nowhere int32 = -1

// visit notes and judges a state, unless it was seen before.
func (s *search) visit(state State, from int32) {
	if _, known := s.seen[state]; known {
		return
	}
	s.seen[state] = struct{}{}
	s.found = append(s.found, place{state, from})
	s.judge(&s.found[len(s.found)-1].state)
}

func (s *search) judge(state *State) {
	for couple := range s.scenario.Wishes {
		if state.Couples[couple].Stage == Acknowledged {
			s.report.Served = s.report.Served.with(couple)
		}
	}
	s.intact = slices.DeleteFunc(s.intact, func(promise Promise) bool {
		broken := promise.broken(&s.scenario, state)
		if broken {
			s.report.Broken[promise.Code] = s.trace()
		}
		return broken
	})
}

// trace is the way to the state found last. No way is shorter, since nearer
// states are found earlier.
func (s *search) trace() Trace {
	var trace Trace
	to := s.found[len(s.found)-1]
	for to.from != nowhere {
		from := s.found[to.from]
		trace = append(trace, s.lineBetween(from.state, to.state))
		to = from
	}
	slices.Reverse(trace)
	return trace
}

// lineBetween takes the steps from one state again to see which led to the
// other. Where two do, the later named is as true as the first.
func (s *search) lineBetween(from, to State) TraceLine {
	var line TraceLine
	rules := &rules{s.scenario, s.protocol, func(step Step, reached State) {
		if reached == to {
			line.Step = step
		}
	}}
	rules.next(from)
	if line.Couple != noCouple {
		line.At = from.Couples[line.Couple].Stage
	}
	return line
}

// Trace is a run from the start, step by step.
type Trace []TraceLine

// TraceLine is a step, and the stage its couple had reached when it happened.
type TraceLine struct {
	Step
	At Stage
}

// String is one numbered line for each step, with couples counted from 1.
func (t Trace) String() string {
	var text strings.Builder
	for i, line := range t {
		if line.Couple == noCouple {
			fmt.Fprintf(&text, "%3d. %s\n", i+1, line.Name)
			continue
		}
		fmt.Fprintf(&text, "%3d. couple %d at %q: %s\n", i+1, line.Couple+1, line.At, line.Name)
	}
	return text.String()
}
