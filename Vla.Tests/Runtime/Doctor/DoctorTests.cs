using System.Text.Json;
using Vla.Runtime;
using Vla.Runtime.Commands;
using Vla.Runtime.Doctor;

namespace Vla.Tests.Runtime.Doctor;

public sealed class DoctorTests
{
    private static readonly Finding Good = Finding.Ok("disk", "is there");
    private static readonly Finding Odd = Finding.Note("GPU", "none");
    private static readonly Finding Bad = Finding.Fail("camera", "no permission", "add yourself");

    [Fact]
    public void A_line_gives_verdict_subject_and_mend()
    {
        Assert.Equal("OK   disk: is there", Good.ToString());
        Assert.Equal("note GPU: none", Odd.ToString());
        Assert.Equal("FAIL camera: no permission; mend: add yourself", Bad.ToString());
    }

    [Fact]
    public void Only_a_failure_makes_the_exit_code_fail()
    {
        Assert.Equal(ExitCodes.Success, DoctorCommand.Report([Good, Odd], json: false, TextWriter.Null));
        Assert.Equal(ExitCodes.Failure, DoctorCommand.Report([Good, Bad, Odd], json: false, TextWriter.Null));
    }

    [Fact]
    public void Json_holds_the_same_findings()
    {
        var output = new StringWriter();
        DoctorCommand.Report([Good, Bad], json: true, output);

        using var json = JsonDocument.Parse(output.ToString());
        Assert.Equal(
            ["ok", "fail"],
            json.RootElement.EnumerateArray().Select(finding => finding.GetProperty("verdict").GetString())
        );
        Assert.Equal("add yourself", json.RootElement[1].GetProperty("mend").GetString());
    }

    [Fact]
    public void A_check_that_breaks_is_a_finding_and_the_others_go_on()
    {
        var findings = Checkup
            .Run(("one", () => throw new InvalidOperationException("broken\ninside")), ("two", () => [Good]))
            .ToList();

        Assert.Equal(Verdict.Fail, findings[0].Verdict);
        Assert.Contains("InvalidOperationException): broken inside", findings[0].Text, StringComparison.Ordinal);
        Assert.Equal(Good, findings[1]);
    }
}
