using System.Diagnostics;
using Vla.Runtime.Recording;
using Vla.Sensors.Datasets;

namespace Vla.Tests.Runtime.Teleoperation;

/// <summary>
/// <c>docs/walk.sh</c>: the whole way with simulated arms, from servos as they left the factory to a policy that acts.
/// </summary>
[Collection(AgainstTheClock.Name)]
public sealed class WalkTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [CurlFact]
    public void Arms_are_calibrated_episodes_recorded_a_policy_trained_and_its_tries_counted_though_it_is_killed()
    {
        var port = FreePort.Find();
        var said = new List<string>();
        // In the middle of the training; begun again, it goes on from there.
        said.AddRange(Walk(port, () => File.Exists(_folder.File("walk/policy/training/state.json"))));
        said.AddRange(Walk(port));

        Assert.Equal("walk: so101 is calibrated", said[0]);
        Assert.Equal("walk: so101_leader is calibrated", said[1]);
        Assert.Equal("walk: the policy is trained", said[3]);
        Assert.Matches(@"^walk: 1 kept, [01] succeeded$", said[4]);
        using (var led = LeRobotDataset.Open(_folder.File("walk/data")))
            Assert.Equal(2, led.Episodes.Count);
        using var tries = LeRobotDataset.Open(_folder.File("walk/tries"));
        var frames = tries.Read(Assert.Single(tries.Episodes));
        // The policy acted, and nobody else.
        Assert.DoesNotContain(1, frames.Integers(RecordingTarget.ByHand).ToArray());
    }

    /// <param name="port">The first of its ports.</param>
    /// <param name="isKilled">Looked at while it walks: whether it is killed now; null to let it walk to its
    /// end.</param>
    /// <returns>What it said.</returns>
    private string[] Walk(int port, Func<bool>? isKilled = null)
    {
        var start = new ProcessStartInfo("sh", [Repository.File("docs/walk.sh"), _folder.File("walk"), "2", "2", "1"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.Path,
        };
        start.Environment["VLA"] = $"dotnet {Path.Combine(AppContext.BaseDirectory, "vla.dll")}";
        start.Environment["VLA_HOME"] = Path.GetDirectoryName(Repository.File("Vla.sln"));
        start.Environment["PORT"] = $"{port}";
        start.Environment["HOME"] = _folder.Path;
        using var walk = Process.Start(start)!;
        var (output, errors) = (walk.StandardOutput.ReadToEndAsync(), walk.StandardError.ReadToEndAsync());
        var isOver = SpinWait.SpinUntil(() => walk.HasExited || isKilled?.Invoke() is true, Patience);
        if (!walk.HasExited)
            walk.Kill(entireProcessTree: true);
        walk.WaitForExit();
        Assert.True(isOver && (isKilled is not null || walk.ExitCode == 0), $"{output.Result}\n{errors.Result}");
        return output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
