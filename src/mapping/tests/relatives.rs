//! GKE, EKS, decorators, jobs, mapped tasks and users' own operators.
