using Vla.Runtime.Doctor;

namespace Vla.Tests.Runtime.Doctor;

public sealed class LibraryChecksTests
{
    // As the runtime words it: the system's library last, after the names it tried itself.
    private const string GtkMissing = """
        Unable to load shared library 'OpenCvSharpExtern' or one of its dependencies.
        libgtk-3.so.0: cannot open shared object file: No such file or directory
        /app/libOpenCvSharpExtern: cannot open shared object file: No such file or directory
        /app/libOpenCvSharpExtern.so: cannot open shared object file: No such file or directory
        """;

    private static readonly DebianPackages Bookworm = DebianPackages.From("ID=debian\nVERSION_ID=\"12\"\n");

    [Theory]
    [InlineData("ID=debian\nVERSION_ID=\"12\"", "libgtk-3-0")]
    [InlineData("ID=debian\nVERSION_ID=\"13\"", "libgtk-3-0t64")]
    [InlineData("PRETTY_NAME=\"Debian GNU/Linux sid\"\nID=debian", "libgtk-3-0t64")]
    [InlineData("ID=ubuntu\nVERSION_ID=\"22.04\"", "libgtk-3-0")]
    [InlineData("ID=ubuntu\nVERSION_ID=\"24.04\"", "libgtk-3-0t64")]
    [InlineData("ID=linuxmint\nVERSION_ID=\"21\"", "libgtk-3-0")]
    public void The_gtk_package_has_the_name_of_this_system(string osRelease, string package) =>
        Assert.Equal(package, DebianPackages.From(osRelease).For("libgtk-3.so.0"));

    [Fact]
    public void A_missing_system_library_is_named_with_its_package()
    {
        var (reason, mend) = LoaderMessage.Explain(GtkMissing, Bookworm);
        Assert.Equal("needs libgtk-3.so.0, which is missing", reason);
        Assert.Equal("sudo apt-get install libgtk-3-0", mend);
    }

    [Fact]
    public void A_missing_library_of_an_unknown_package_is_still_named()
    {
        var (reason, mend) = LoaderMessage.Explain(
            "libodd.so.7: cannot open shared object file: No such file",
            Bookworm
        );
        Assert.Contains("libodd.so.7", reason, StringComparison.Ordinal);
        Assert.Contains("apt-file search libodd.so.7", mend, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_for_a_newer_system_is_said_to_be_so()
    {
        var (reason, _) = LoaderMessage.Explain(
            "libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by x.so)",
            Bookworm
        );
        Assert.Contains("GLIBCXX_3.4.32", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_was_not_copied_asks_for_a_build()
    {
        var (reason, mend) = LoaderMessage.Explain(
            "/app/libFoo.so: cannot open shared object file: No such file",
            Bookworm
        );
        Assert.Equal("libFoo.so is not beside the program", reason);
        Assert.Contains("./vla", mend, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_does_not_load_is_a_finding_not_a_crash()
    {
        var finding = NativeLibraryCheck.Try(
            "OpenCV",
            () => throw new TypeInitializationException("NativeMethods", new DllNotFoundException(GtkMissing))
        );
        Assert.Equal(Verdict.Fail, finding.Verdict);
        Assert.Contains("libgtk-3.so.0", finding.Text, StringComparison.Ordinal);
    }

    [LinuxFact]
    public void OpenCv_and_Torch_load_here()
    {
        Assert.All(
            NativeLibraryCheck.OpenCv().Concat(NativeLibraryCheck.Torch()),
            finding => Assert.Equal(Verdict.Ok, finding.Verdict)
        );
    }

    [Fact]
    public void An_sdk_that_is_missing_or_too_old_fails_with_what_is_there()
    {
        var runtime = new Version(10, 0, 1);
        Assert.All(
            DotnetCheck.Judge(runtime, "linux-x64", "8.0.100 [/a]\n10.0.400 [/a]\n"),
            finding => Assert.Equal(Verdict.Ok, finding.Verdict)
        );
        var old = DotnetCheck.Judge(runtime, "linux-x64", "8.0.100 [/a]\n").Last();
        Assert.Equal(Verdict.Fail, old.Verdict);
        Assert.Contains("only 8.0.100", old.Text, StringComparison.Ordinal);
        Assert.Contains(
            "there is none",
            DotnetCheck.Judge(runtime, "linux-x64", null).Last().Text,
            StringComparison.Ordinal
        );
    }
}
