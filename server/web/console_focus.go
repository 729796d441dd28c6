package web

// focus is the id of what the operator needs next: what is wrong, what is to be
// picked, or the first thing that is not filled in yet.
func (k *console) focus() string {
	d := &k.d
	switch {
	case d.Duplicate:
		return "change"
	case k.wrong["date"] != "":
		return "date"
	case k.st.Saved != "":
		return "next"
	case d.People != nil:
		return d.People.first(k.wrong)
	case d.Held != nil:
		return "save"
	case len(d.Found) > 0:
		return "found-1"
	case d.Slots != nil && len(d.Slots.Times) > 0:
		return "slot-1"
	case d.Q != "" || len(d.Commands) > 0:
		return "q"
	case len(d.Parked) > 0 && k.st.Phone != "":
		return "parked-1"
	case k.st.begun():
		return "date"
	}
	return "q"
}

// first is the input that is wrong or, where none is, the first that is empty.
func (v *peopleView) first(wrong wrongs) string {
	var all []field
	for _, p := range v.Typed {
		all = append(all, p.Fields...)
	}
	for _, f := range append(all, v.Phone, v.Caller) {
		if f.Wrong != "" {
			return f.Name
		}
	}
	if v.Decide != nil && wrong["decision"] != "" {
		return "decision"
	}
	for _, f := range all {
		if f.Value == "" {
			return f.Name
		}
	}
	if v.Decide != nil && v.Decide.Value == "" {
		return "decision"
	}
	for _, t := range v.Ticks {
		if !t.On {
			return t.Name
		}
	}
	return "save"
}
