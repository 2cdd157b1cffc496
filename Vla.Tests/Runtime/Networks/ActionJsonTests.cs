using System.Text;
using System.Text.Json;
using NJsonSchema;
using Vla.Actors.Control;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Runtime.Networks;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Networks;

public sealed class ActionJsonTests : IDisposable
{
    private readonly ActionJson _json = new(Make.Profile());

    public void Dispose() => _json.Dispose();

    [Fact]
    public void A_policy_action_is_written_with_everything_about_it()
    {
        var action = Make.Published(42, ControlState.Policy, 1_023_000_000, 0.1f, 0.75f) with
        {
            Clamped = 2,
            Origin = Make.Origin(1_000_000_000),
            ArrivalAgeNs = 12_500_000,
            AgeLimitNs = 700_000_000,
        };

        Assert.Equal(
            """
            {"sequence":42,"state":"policy","reason":"","values":{"x":0.1,"gripper":0.75},"frame_sequence":7,
            "instruction":"pick up the red block","captured_ns":1000000000,"encoded_ns":1008000000,
            "fused_ns":1008200000,"decoded_ns":1008400000,
            "steps":[{"step":"prepare","started_ns":1001000000,"finished_ns":1002000000},
            {"step":"encode","started_ns":1003000000,"finished_ns":1008000000},
            {"step":"fuse","started_ns":1008100000,"finished_ns":1008200000},
            {"step":"decode","started_ns":1008300000,"finished_ns":1008400000}],"published_ns":1023000000,"age_ms":23,
            "arrival_age_ms":12.5,"age_limit_ms":700,"clamps":["gripper"],"deadman_ms":100}
            """.ReplaceLineEndings("") + "\n",
            Text(action)
        );
    }

    [Fact]
    public async Task A_position_that_is_not_known_is_null()
    {
        var schema = await JsonSchema.FromFileAsync(Repository.File("config/published-action.schema.json"));
        var text = Text(Make.Published(1, ControlState.Hold) with { Unknown = 2 });

        Assert.Contains("\"values\":{\"x\":0,\"gripper\":null}", text, StringComparison.Ordinal);
        Assert.Empty(schema.Validate(text));
    }

    [Fact]
    public async Task Every_message_of_a_run_follows_the_documented_schema()
    {
        var schema = await JsonSchema.FromFileAsync(Repository.File("config/published-action.schema.json"));
        var clock = new ManualClock();
        var robot = new FakeRobot();
        using var loop = new ControlLoop(
            Make.Profile(),
            new ControlOptions { MaximumActionAgeMs = 20, HoldMs = 20 },
            [robot],
            clock
        );
        loop.Tick(clock.NowNs);
        loop.Offer(Make.Action(clock.NowNs, 5, 0.75f));
        for (var i = 0; i < 6; i++)
        {
            clock.Advance(20);
            loop.Tick(clock.NowNs);
        }

        loop.Shutdown("done");

        var states = robot.Applied.Select(action => action.State).Distinct();
        Assert.Equal([ControlState.Hold, ControlState.Policy, ControlState.Stop], states);
        Assert.All(robot.Applied, action => Assert.Empty(schema.Validate(Text(action))));
        Assert.All(
            robot.Applied,
            action => Assert.EndsWith("\"deadman_ms\":100}\n", Text(action), StringComparison.Ordinal)
        );
        Assert.NotEmpty(schema.Validate(Text(robot.Last).Replace("\"stop\"", "\"halt\"")));
        Assert.NotEmpty(schema.Validate(Text(robot.Last).Replace("\"reason\"", "\"cause\"")));
    }

    [Theory]
    [InlineData("put the \"cup\"\non the table\u0000\u2028 \u001b[2J")]
    [InlineData("把红色方块放到盒子里 🤖")]
    public void Any_instruction_stays_one_line_and_comes_back_as_it_was(string instruction)
    {
        var action = Make.Published(1, ControlState.Policy) with
        {
            Origin = Make.Origin(1) with { Words = new WordsInForce(1, instruction) },
        };

        var text = Text(action);

        Assert.Equal(text.Length - 1, text.IndexOf('\n'));
        Assert.Equal(instruction, JsonDocument.Parse(text).RootElement.GetProperty("instruction").GetString());
    }

    [Fact]
    public void A_shorter_message_after_a_longer_one_has_nothing_of_it_left()
    {
        Text(
            Make.Published(1, ControlState.Policy) with
            {
                Origin = Make.Origin(1) with { Words = new WordsInForce(1, new string('x', 5_000)) },
            }
        );

        Assert.Equal(
            JsonValueKind.Null,
            JsonDocument
                .Parse(Text(Make.Published(2, ControlState.Hold)))
                .RootElement.GetProperty("instruction")
                .ValueKind
        );
    }

    private string Text(PublishedAction action) => Encoding.UTF8.GetString(_json.Write(action).Span);
}
