using Vla.Runtime.Simulation;

namespace Vla.Tests.Runtime.Simulation;

public sealed class WorldLinesTests
{
    private static readonly WorldReport Report = new()
    {
        Level = 2,
        Seed = 7,
        Episode = 1,
        Blocks = ["left red", "right red", "blue"],
        Trays = ["white", "black"],
        Task = "pick up the blue block",
        Seconds = 3.21,
    };

    [Fact]
    public void It_says_what_is_on_the_table() =>
        Assert.Equal(
            "table 7, level 2: left red, right red, blue blocks; white, black trays",
            WorldLines.Of(Report, null)[0]
        );

    [Theory]
    [InlineData(Judgement.UnderWay, "pick up the blue block: under way, 3.2 s; 2 of 3 done")]
    [InlineData(Judgement.Succeeded, "pick up the blue block: done in 3.2 s; 2 of 3 done")]
    [InlineData(Judgement.Failed, "pick up the blue block: failed, the left red block was lifted; 2 of 3 done")]
    [InlineData(Judgement.TimedOut, "pick up the blue block: not done within 3.2 s; 2 of 3 done")]
    [InlineData(
        Judgement.None,
        "not judged, since it is no task on this table; 2 of 3 done; try \"put the left red block on the white tray\""
    )]
    public void It_says_how_the_task_stands(object judgement, string line)
    {
        var report = Report with
        {
            Judgement = (Judgement)judgement,
            Reason = "the left red block was lifted",
            Successes = 2,
            Attempts = 3,
        };

        Assert.Equal(line, WorldLines.Of(report, "sing")[1]);
    }

    [Fact]
    public void It_says_what_is_missing() =>
        Assert.Equal(
            "there is no pink block: on the table are the blue block; the arm rests",
            WorldLines.Of(
                Report with
                {
                    Missing = "there is no pink block: on the table are the blue block",
                },
                "pick up the pink block"
            )[1]
        );

    [Fact]
    public void Before_the_first_instruction_it_says_what_one_could_say() =>
        Assert.Equal(
            "try \"put the left red block on the white tray\"; /new lays another table",
            WorldLines.Of(Report, null)[1]
        );

    [Theory]
    [InlineData("/new", null, "")]
    [InlineData("/new 7", 7L, "")]
    [InlineData("/new -7", null, "'-7' is no table's seed: write /new, or /new and a number from 0 to 999999999999")]
    [InlineData("/new red block", null, "'red block' is no table's seed")]
    [InlineData("/new 1000000000000", null, "'1000000000000' is no table's seed")]
    public void Another_table_can_be_asked_for_at_the_prompt(string text, long? seed, string problem)
    {
        Assert.True(TableCommand.TryRead(text, out var read, out var said));

        Assert.Equal(seed, read);
        Assert.StartsWith(problem, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("new table")]
    [InlineData("/news")]
    public void Other_words_are_instructions(string text) => Assert.False(TableCommand.TryRead(text, out _, out _));
}
