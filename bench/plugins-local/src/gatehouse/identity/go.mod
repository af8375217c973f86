module gatehouse/identity

go 1.22
