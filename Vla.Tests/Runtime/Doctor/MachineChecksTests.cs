using Microsoft.Extensions.Time.Testing;
using Vla.Runtime.Doctor;
using Vla.Runtime.Settings;

namespace Vla.Tests.Runtime.Doctor;

public sealed class MachineChecksTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_processor_is_named_with_its_threads() =>
        Assert.Equal(
            "A CPU @ 2 GHz, 4 threads",
            DeviceCheck.Processor("processor : 0\nmodel name\t: A CPU @ 2 GHz\n", 4).Text
        );

    [Theory]
    [InlineData(false, false, 0, Verdict.Note, null)]
    [InlineData(false, true, 0, Verdict.Note, "TorchBackend=cuda")]
    [InlineData(true, false, 0, Verdict.Fail, "driver")]
    [InlineData(true, true, 0, Verdict.Fail, "nvidia-smi")]
    [InlineData(true, true, 2, Verdict.Ok, null)]
    public void A_gpu_that_cannot_be_used_says_why(bool backend, bool driver, int devices, object verdict, string? mend)
    {
        var finding = DeviceCheck.Gpu(backend, driver, () => devices);
        Assert.Equal((Verdict)verdict, finding.Verdict);
        if (mend is null)
            Assert.Null(finding.Mend);
        else
            Assert.Contains(mend, finding.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_camera_is_tried_and_a_forbidden_one_names_the_video_group()
    {
        foreach (var name in new[] { "video0", "video1", "null" })
            File.WriteAllText(_folder.File(name), "");
        var findings = CameraCheck
            .Look(
                _folder.Path,
                path =>
                {
                    if (path.EndsWith('1'))
                        throw new UnauthorizedAccessException();
                }
            )
            .ToList();

        Assert.Equal([Verdict.Ok, Verdict.Fail], findings.Select(finding => finding.Verdict));
        Assert.Contains("usermod -aG video", findings[1].Mend, StringComparison.Ordinal);
    }

    [Fact]
    public void No_camera_is_worth_a_note_only() =>
        Assert.Equal(Verdict.Note, Assert.Single(CameraCheck.Look(_folder.Path, CameraCheck.OpenDevice)).Verdict);

    [Fact]
    public void The_shipped_settings_and_what_they_name_are_fine()
    {
        var file = Repository.File("config/vla.json");
        Assert.All(FileCheck.Look(file, new VlaSettings()), finding => Assert.Equal(Verdict.Ok, finding.Verdict));
    }

    [Fact]
    public void Settings_that_name_what_is_not_there_fail_each_by_its_name()
    {
        var settings = new VlaSettings
        {
            Policy = "policies/nowhere",
            Robot = "robots/nowhere.json",
            Outputs = [$"jsonl:{_folder.Path}/nowhere/actions.jsonl", "smoke:signals"],
        };
        var findings = FileCheck
            .Look(_folder.File("vla.json"), settings)
            .Where(finding => finding.Verdict == Verdict.Fail);
        Assert.Equal(["robot", "policy", "output", "output"], findings.Select(finding => finding.Subject));
    }

    [Fact]
    public void A_camera_that_is_written_wrongly_is_a_finding()
    {
        var finding = FileCheck
            .Look(_folder.File("vla.json"), new VlaSettings { Camera = ["world?speed=9"] })
            .Single(found => found.Verdict == Verdict.Fail);
        Assert.Equal("camera", finding.Subject);
        Assert.Contains("speed", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_camera_that_the_policy_does_not_want_is_a_finding()
    {
        var settings = new VlaSettings
        {
            Camera = ["synthetic", "wrist=synthetic"],
            Policy = Repository.File("config/policies/notebook"),
        };
        var finding = FileCheck.Look(_folder.File("vla.json"), settings).Single(found => found.Verdict == Verdict.Fail);
        Assert.Equal("policy", finding.Subject);
        Assert.Contains("the policy wants the picture front", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_settings_file_that_is_wrong_is_a_finding()
    {
        var file = _folder.File("vla.json");
        File.WriteAllText(file, """{ "colour": "red" }""");
        Assert.Contains("colour", Assert.Single(FileCheck.Look(file)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Trying_whether_a_folder_can_be_written_leaves_nothing_there()
    {
        Assert.Equal(Verdict.Ok, FileCheck.Writable("output", _folder.Path).Verdict);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData(
        "Max realtime priority     0                    0                    ",
        "CapEff:\t0000000000000000",
        "no right"
    )]
    [InlineData(
        "Max realtime priority     50                   99                   ",
        "CapEff:\t0000000000000000",
        "up to 50"
    )]
    [InlineData(
        "Max realtime priority     0                    0                    ",
        "CapEff:\t0000000000800000",
        "CAP_SYS_NICE"
    )]
    public void Real_time_rights_are_said_and_never_fail(string limits, string status, string expected)
    {
        var finding = RealTimeCheck.Rights("Max cpu time  unlimited\n" + limits + "\n", "Name:\tvla\n" + status + "\n");
        Assert.Equal(Verdict.Note, finding.Verdict);
        Assert.Contains(expected, finding.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, Verdict.Ok)]
    [InlineData(16, Verdict.Fail)]
    public void A_clock_too_coarse_to_time_actions_fails(int stepMs, object verdict)
    {
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(stepMs) };
        Assert.Equal((Verdict)verdict, Assert.Single(RealTimeCheck.Clock(time)).Verdict);
    }
}
