package auth

import "context"

// Err is why somebody at this step may not work yet, or nil.
func (s Step) Err() error {
	switch s {
	case Ready:
		return nil
	case SetFactor:
		return ErrFactorNeeded
	case ChoosePassword:
	}
	return ErrPasswordOld
}

type stepKey struct{}

// WithStep is ctx of a request of somebody at this step.
func WithStep(ctx context.Context, step Step) context.Context {
	return context.WithValue(ctx, stepKey{}, step)
}

// StepOf is what whoever makes the request must do before they may work.
func StepOf(ctx context.Context) Step {
	step, _ := ctx.Value(stepKey{}).(Step)
	return step
}
