/* odd.c: a program that does nothing, for the sake of the interpreter that its file names. */
int main(void)
{
    return 0;
}
