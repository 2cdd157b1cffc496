using System.Globalization;
using Vla.Runtime;

namespace Vla.Tests.Project;

/// <summary>The systemd unit says what the program does.</summary>
public sealed class ServiceUnitTests
{
    private static readonly ILookup<string, string> Settings = File.ReadLines(Repository.File("config/vla.service"))
        .Where(line => line.Contains('=', StringComparison.Ordinal) && line[0] != '#')
        .ToLookup(line => line.Split('=', 2)[0], line => line.Split('=', 2)[1]);

    [Fact]
    public void It_runs_the_published_folder_and_nothing_of_what_that_was_built_from() =>
        Assert.Equal(["/opt/vla/vla run"], Settings["ExecStart"]);

    [Fact]
    public void It_starts_again_after_every_failure_but_those_that_stay()
    {
        var staying = Settings["RestartPreventExitStatus"]
            .Single()
            .Split(' ')
            .Select(code => int.Parse(code, CultureInfo.InvariantCulture));

        Assert.Equal("on-failure", Settings["Restart"].Single());
        Assert.Equal([ExitCodes.Usage, ExitCodes.Policy, ExitCodes.Robot], staying);
    }

    [Fact]
    public void Its_end_is_told_to_the_controller_alone_so_that_the_encoder_lives_to_write_the_last_episode() =>
        Assert.Equal("mixed", Settings["KillMode"].Single());

    [Fact]
    public void Its_user_reaches_cameras_GPUs_and_serial_ports() =>
        Assert.Equal(
            ["dialout", "render", "video"],
            Settings["SupplementaryGroups"].SelectMany(groups => groups.Split(' ')).Order()
        );

    [SystemdFact]
    public void Systemd_understands_it()
    {
        // Verified without the program, which is not at /opt here.
        using var folder = new TemporaryDirectory();
        File.WriteAllText(
            folder.File("vla.service"),
            File.ReadAllText(Repository.File("config/vla.service"))
                .Replace("/opt/vla/vla run", "/bin/true", StringComparison.Ordinal)
        );
        var (exitCode, output, errors) = Commands.Run(
            "systemd-analyze",
            folder.Path,
            null,
            "verify",
            "--man=no",
            "--recursive-errors=no",
            folder.File("vla.service")
        );

        Assert.True(exitCode == 0 && errors.Length == 0, output + errors);
    }

    private sealed class SystemdFactAttribute : FactAttribute
    {
        public SystemdFactAttribute()
        {
            var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
            if (!Array.Exists(folders, folder => File.Exists(Path.Combine(folder, "systemd-analyze"))))
                Skip = "systemd-analyze is not installed.";
        }
    }
}
