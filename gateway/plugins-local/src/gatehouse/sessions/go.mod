module gatehouse/sessions

go 1.22
