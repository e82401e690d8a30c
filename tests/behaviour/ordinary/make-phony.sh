# make: the shell's own commands, variables from the environment, an include, a recursive clean, a failing target, a dry run
# needs: make

printf 'NAME ?= default\n-include made.mk\nmade.mk: ; @echo "MADE := yes" > $@\nall: ; @echo $(NAME) $(MADE) $(shell echo shell)\nfail: ; @exit 3\nclean: ; @rm -rf build made.mk\n.PHONY: all fail clean\n' > Makefile
make -s; NAME=other make -s; make -s NAME=third; make -s fail 2> /dev/null; echo $?; make -n clean; make -s clean; make -pq > /dev/null 2>&1; make --version | head -1 | cut -c1-8
