namespace Vla.Tests.Project;

/// <summary>The launcher script <c>vla</c>: what it installs, when it builds, what it says when it cannot.</summary>
public sealed class LauncherTests : IDisposable
{
    private readonly LauncherSandbox _machine = new();

    public void Dispose() => _machine.Dispose();

    [LinuxFact]
    public void It_builds_once_and_then_only_runs()
    {
        Assert.Contains("vla.dll run --rate 20", _machine.Run("run", "--rate", "20").Output, StringComparison.Ordinal);
        _machine.Run("run");
        Assert.Equal(1, _machine.Builds);
    }

    [LinuxFact]
    public void It_works_through_a_link_and_keeps_the_callers_folder()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(_machine.Root, "else where")).FullName;
        File.CreateSymbolicLink(Path.Combine(elsewhere, "link"), "../vla");
        var (_, output, _) = _machine.RunFrom(elsewhere, "else where/link", "run");
        Assert.Contains($"program in {elsewhere}: {_machine.Root}/Vla.Runtime/", output, StringComparison.Ordinal);
    }

    [LinuxTheory]
    [InlineData("Vla.Sensors/Code.cs", 2)]
    [InlineData("Vla.Runtime/Pages/New.html", 2)]
    [InlineData("Directory.Build.props", 2)]
    [InlineData("Vla.Tests/Code.cs", 1)]
    [InlineData("Vla.Actors/obj/made.cs", 1)]
    [InlineData("docs/robot.md", 1)]
    public void It_builds_again_when_a_source_of_the_program_changes(string file, int builds)
    {
        _machine.Run("run");
        _machine.Write(file, "something else");
        _machine.Run("run");
        Assert.Equal(builds, _machine.Builds);
    }

    [LinuxFact]
    public void It_builds_again_when_a_source_is_deleted()
    {
        _machine.Run("run");
        _machine.Remove("Vla.Actors/Code.cs");
        _machine.Run("run");
        Assert.Equal(2, _machine.Builds);
    }

    [LinuxFact]
    public void A_source_put_back_with_its_old_date_is_built_in_full()
    {
        _machine.Run("run");
        var file = Path.Combine(_machine.Root, "Vla.Actors/Code.cs");
        File.WriteAllText(file, "// as it was");
        File.SetLastWriteTimeUtc(file, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        _machine.Run("run");
        Assert.Contains("--no-incremental", _machine.Calls[^1], StringComparison.Ordinal);
    }

    [LinuxFact]
    public void A_build_that_fails_shows_the_error_runs_nothing_and_stays_stale()
    {
        _machine.Run("run");
        _machine.Write("Vla.Actors/Code.cs", "wrong");
        _machine.Write("broken", "");
        for (var i = 0; i < 2; i++)
        {
            var (exitCode, output, errors) = _machine.Run("run");
            Assert.Equal(1, exitCode);
            Assert.Empty(output);
            Assert.Contains("error CS1002", errors, StringComparison.Ordinal);
        }

        Assert.Equal(3, _machine.Builds);
    }

    [LinuxFact]
    public void A_change_that_did_not_build_and_is_taken_back_is_built_all_the_same()
    {
        // The failed build may have replaced some of the output.
        var file = Path.Combine(_machine.Root, "Vla.Actors/Code.cs");
        var (text, date) = (File.ReadAllText(file), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(file, date);
        _machine.Run("run");
        _machine.Write("Vla.Actors/Code.cs", "wrong");
        _machine.Write("broken", "");
        _machine.Run("run");

        File.WriteAllText(file, text);
        File.SetLastWriteTimeUtc(file, date);
        _machine.Remove("broken");
        _machine.Run("run");
        Assert.Equal(3, _machine.Builds);
    }

    [LinuxTheory]
    [InlineData("debian", "12", "libgtk-3-0")]
    [InlineData("debian", "13", "libgtk-3-0t64")]
    [InlineData("ubuntu", "22.04", "libgtk-3-0")]
    [InlineData("ubuntu", "24.04", "libgtk-3-0t64")]
    public void It_installs_what_OpenCv_needs_under_this_systems_name_and_says_so(
        string system,
        string version,
        string package
    )
    {
        _machine.Remove("libraries/libgtk-3.so.0");
        _machine.Write("os-release", $"ID={system}\nVERSION_ID=\"{version}\"\n");
        var (exitCode, _, errors) = _machine.Run("run");
        Assert.Equal(0, exitCode);
        Assert.Contains($"installing {package} ", errors, StringComparison.Ordinal);
        Assert.Contains(
            _machine.Calls,
            call => call.EndsWith($"install --yes --no-install-recommends {package}", StringComparison.Ordinal)
        );
    }

    [LinuxFact]
    public void On_a_bare_system_it_installs_all_that_OpenCv_needs_at_once()
    {
        foreach (var library in new[] { "libgtk-3.so.0", "libdrm.so.2", "libatomic.so.1" })
            _machine.Remove($"libraries/{library}");
        Assert.Equal(0, _machine.Run("run").ExitCode);
        Assert.Contains(
            _machine.Calls,
            call => call.EndsWith(" libgtk-3-0 libdrm2 libatomic1", StringComparison.Ordinal)
        );
    }

    [LinuxFact]
    public void It_uses_sudo_when_not_root()
    {
        _machine.Remove("libraries/libgtk-3.so.0");
        _machine.Tool("id", "echo 1000");
        _machine.Tool("sudo", """echo "sudo" >>"$ROOT/calls"; "$@" """);
        Assert.Equal(0, _machine.Run("run").ExitCode);
        Assert.Equal("sudo", _machine.Calls[0]);
    }

    [LinuxFact]
    public void Without_sudo_it_says_what_root_has_to_install()
    {
        _machine.Remove("libraries/libgtk-3.so.0");
        _machine.Tool("id", "echo 1000");
        var (exitCode, _, errors) = _machine.Run("run");
        Assert.Equal(1, exitCode);
        Assert.Contains("apt-get install libgtk-3-0", errors, StringComparison.Ordinal);
        Assert.Empty(_machine.Calls);
    }

    [LinuxFact]
    public void Without_network_it_says_what_to_install()
    {
        _machine.Remove("libraries/libgtk-3.so.0");
        _machine.Write("offline", "");
        var (exitCode, _, errors) = _machine.Run("run");
        Assert.Equal(1, exitCode);
        Assert.Contains("sudo apt-get install libgtk-3-0", errors, StringComparison.Ordinal);
        Assert.Equal(0, _machine.Builds);
    }

    [LinuxTheory]
    [InlineData("doctor")]
    [InlineData("run", "--help")]
    [InlineData]
    public void The_doctor_and_help_install_nothing(params string[] arguments)
    {
        _machine.Remove("libraries/libgtk-3.so.0");
        Assert.Equal(0, _machine.Run(arguments).ExitCode);
        Assert.DoesNotContain(_machine.Calls, call => call.StartsWith("apt-get", StringComparison.Ordinal));
    }

    [LinuxFact]
    public void Without_the_sdk_it_says_how_to_get_it()
    {
        _machine.Write("sdks", "8.0.100 [/sdk]\n");
        var (exitCode, _, errors) = _machine.Run("run");
        Assert.Equal(1, exitCode);
        Assert.Contains(".NET 10 SDK is not installed", errors, StringComparison.Ordinal);
        Assert.Contains("--channel 10.0", errors, StringComparison.Ordinal);
    }

    [LinuxTheory]
    [InlineData("""<Counters total="7" executed="7" passed="7" failed="0" />""", 0, "7 passed, 0 failed")]
    [InlineData("""<Counters total="9" executed="7" passed="6" failed="1" />""", 1, "6 passed, 1 failed, 2 skipped")]
    [InlineData(
        """<Counters total="5" executed="5" passed="5" failed="0" /><Text>The active test run was aborted.</Text>""",
        1,
        "5 passed, 1 failed"
    )]
    [InlineData(
        """<Counters total="5" executed="5" passed="4" failed="1" /><Text>The active test run was aborted.</Text>""",
        1,
        "4 passed, 2 failed"
    )]
    [InlineData(null, 1, "0 passed, 1 failed")]
    public void The_last_line_of_a_test_run_counts_and_the_exit_code_is_that_of_the_tests(
        string? results,
        int exit,
        string line
    )
    {
        if (results is not null)
            _machine.Write("results", results);
        _machine.Write("test-exit", $"{exit}");
        var (exitCode, output, _) = _machine.Run("test");
        Assert.Equal(exit, exitCode);
        Assert.Equal(line, output.TrimEnd('\n').Split('\n')[^1]);
    }

    [LinuxFact]
    public void Tests_that_cannot_be_built_end_with_a_failure_counted()
    {
        _machine.Write("broken", "");
        var (exitCode, output, _) = _machine.Run("test");
        Assert.Equal(1, exitCode);
        Assert.Equal("0 passed, 1 failed\n", output);
    }

    [LinuxFact]
    public void After_a_test_run_the_program_needs_no_build()
    {
        _machine.Run("test");
        _machine.Run("run");
        Assert.Equal(1, _machine.Builds);
    }

    [LinuxFact]
    public void It_publishes_a_folder_with_all_that_the_program_needs_for_every_user_to_read()
    {
        var (exitCode, _, errors) = _machine.Run("publish", "deployed/vla/");

        Assert.True(exitCode == 0, errors);
        var folder = Path.Combine(_machine.Root, "deployed/vla");
        Assert.Equal(
            [
                "LICENSE",
                "app/libOpenCvSharpExtern.so",
                "app/vla.dll",
                "config/vla.json",
                "config/vla.service",
                "dotnet/dotnet",
                "dotnet/host/fxr/10.0.2/libhostfxr.so",
                "dotnet/shared/Microsoft.AspNetCore.App/10.0.2/Web.dll",
                "dotnet/shared/Microsoft.NETCore.App/10.0.2/System.dll",
                "native/libgtk-3.so.0",
                "vla",
            ],
            Directory
                .GetFiles(folder, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(folder, file))
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal([folder], Directory.GetFileSystemEntries(Path.GetDirectoryName(folder)!));
        Assert.Contains(
            $"ExecStart={folder}/vla run",
            File.ReadAllText(Path.Combine(folder, "config/vla.service")),
            StringComparison.Ordinal
        );
        if (!OperatingSystem.IsWindows())
        {
            Assert.True(File.GetUnixFileMode(Path.Combine(folder, "app/vla.dll")).HasFlag(UnixFileMode.OtherRead));
            Assert.True(File.GetUnixFileMode(Path.Combine(folder, "vla")).HasFlag(UnixFileMode.OtherExecute));
            Assert.True(File.GetUnixFileMode(folder).HasFlag(UnixFileMode.OtherExecute));
        }
    }

    [LinuxFact]
    public void What_is_published_starts_from_elsewhere_with_an_empty_environment()
    {
        _machine.Run("publish", "deployed");
        Directory.Move(Path.Combine(_machine.Root, "deployed"), Path.Combine(_machine.Root, "moved away"));

        var (exitCode, output, errors) = Commands.Run(
            Path.Combine(_machine.Root, "moved away/vla"),
            "/",
            new Dictionary<string, string>(),
            "run",
            "two words"
        );

        Assert.True(exitCode == 0, errors);
        Assert.Equal($"program in /: {_machine.Root}/moved away/app/vla.dll run two words\n", output);
    }

    [LinuxTheory]
    [InlineData]
    [InlineData("one", "two")]
    [InlineData("--output")]
    [InlineData("config")]
    [InlineData("vla")]
    public void It_publishes_to_one_folder_that_is_not_there_yet(params string[] arguments)
    {
        var (exitCode, _, errors) = _machine.Run(["publish", .. arguments]);

        Assert.Equal(2, exitCode);
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
        Assert.Equal(0, _machine.Builds);
    }

    [LinuxFact]
    public void A_program_that_does_not_start_is_not_published()
    {
        Directory.CreateDirectory(Path.Combine(_machine.Root, "deployed"));
        _machine.Write("unstartable", "");

        var (exitCode, _, errors) = _machine.Run("publish", "deployed/vla");

        Assert.Equal(1, exitCode);
        Assert.Contains("does not start", errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_machine.Root, "deployed")));
    }
}
