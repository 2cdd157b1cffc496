using Spectre.Console;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Runtime.Outputs;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Outputs;

public class ConsoleTests
{
    private static readonly ConsoleSnapshot Snapshot = new()
    {
        Instruction = "pick up [red] block\u001b[2J",
        Rates = [("camera", 30), ("published", 50)],
        Latencies =
        [
            new NamedLatency("encode", new LatencyPercentiles(9, 5_400_000, 6_000_000, 7_000_000, 8_000_000)),
            new NamedLatency("fuse", default),
        ],
        Where = "page: http://127.0.0.1:5080/   /help: what to type   Ctrl-C: end",
        Flow =
            "the policy takes every 12th picture; 4 of the 10 actions of a chunk are followed before the next chunk "
            + "is there",
        Counts = [("refused", 3_470), ("restarts", 0)],
        World = ["pick up the red block: done in 1.2 s"],
        Notes = ["camera 0 is gone"],
    };

    [Fact]
    public void The_view_shows_state_action_rates_latencies_counts_and_notes()
    {
        var text = Render(
            Make.Published(1, ControlState.Policy, 2_023_000_000, 0.5f, 1) with
            {
                Origin = Make.Origin(2_000_000_000),
            }
        );

        Assert.Contains("P O L I C Y", text);
        Assert.Contains("pick up [red] block", text);
        Assert.DoesNotContain("\u001b[2J", text);
        Assert.Contains("0.5000 m", text);
        Assert.Contains("camera 30.0 Hz   published 50.0 Hz   age 23.00 ms", text);
        Assert.Contains("refused 3,470", text);
        Assert.StartsWith("page: http://127.0.0.1:5080/   /help: what to type   Ctrl-C: end", text);
        Assert.Contains("every 12th picture; 4 of the 10 actions", text);
        Assert.DoesNotContain("restarts", text);
        Assert.Contains("pick up the red block: done in 1.2 s", text);
        Assert.Contains("camera 0 is gone", text);
        Assert.Matches("encode +5.40 +6.00 +7.00", text);
        Assert.DoesNotMatch("\\bfuse\\b", text);
    }

    [Fact]
    public void The_view_says_how_old_the_picture_is_may_become_and_was_on_arrival()
    {
        var action = Make.Published(1, ControlState.Policy, 2_423_000_000, 0.5f, 1) with
        {
            Origin = Make.Origin(2_000_000_000),
            ArrivalAgeNs = 38_400_000,
            AgeLimitNs = 700_000_000,
        };

        Assert.Contains("age 423 of 700 ms (38 on arrival)", Render(action));
        Assert.Contains("age 423 of 700 ms (38 on arrival)", ConsoleView.PlainLine(action, Snapshot));
    }

    [Theory]
    [InlineData(79, 22, true)]
    [InlineData(59, 13, true)]
    [InlineData(199, 48, true)]
    [InlineData(39, 8, false)]
    public void In_any_size_what_matters_stays_whole_and_the_latencies_give_way_first(
        int width,
        int height,
        bool withActions
    )
    {
        var lines = Render(Make.Published(1, ControlState.Policy, 0, 0.5f, 1), width, height).TrimEnd().Split('\n');

        Assert.InRange(lines.Length, 1, height);
        Assert.All(lines, line => Assert.InRange(line.TrimEnd().Length, 0, width));
        Assert.Contains(lines, line => line.Contains("P O L I C Y", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("camera 0 is gone", StringComparison.Ordinal));
        if (withActions)
            Assert.Contains(lines, line => line.Contains("0.5000 m", StringComparison.Ordinal) && line.Contains('█'));
        Assert.Equal(
            width >= 110 || height >= 20,
            lines.Any(line => line.Contains("encode", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void The_view_says_why_the_robot_holds_or_stops()
    {
        Assert.Matches("H O L D *because", Render(Make.Published(1, ControlState.Hold)));
        Assert.Matches("S T O P *because", Render(Make.Published(1, ControlState.Stop)));
    }

    [Theory]
    [InlineData(1, "··········███████████")]
    [InlineData(-0.5, "·····██████··········")]
    [InlineData(0, "··········│··········")]
    [InlineData(99, "··········███████████")]
    public void A_bar_is_filled_from_zero_to_the_value(float value, string bar) =>
        Assert.Equal(bar, ConsoleView.Bar(value, -1, 1));

    [Fact]
    public void Without_a_terminal_there_is_a_plain_line_every_five_seconds_and_at_every_change_of_state()
    {
        var lines = new StringWriter();
        var robot = new ConsoleRobot(Make.Profile(), () => Snapshot, null, lines);
        for (var i = 0; i < 300; i++)
            robot.Apply(Make.Published(i + 1, ControlState.Hold, i * 20_000_000L));
        robot.Apply(Make.Published(301, ControlState.Stop, 6_000_000_000));

        var written = lines.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, written.Length);
        Assert.StartsWith("page: http://127.0.0.1:5080/", written[0]);
        Assert.StartsWith("hold (because); action 251; no action yet", written[2]);
        Assert.StartsWith("stop (because); action 301", written[3]);
        Assert.DoesNotContain('\u001b', lines.ToString());
    }

    [Fact]
    public void The_screen_redraws_its_block_in_place_and_leaves_the_prompt_below()
    {
        var terminal = new FakeTerminal(40, 12);
        using var screen = new ConsoleScreen(terminal, () => (40, 12));
        screen.ShowPrompt("instruction> pick");
        screen.Show(new Text("one\ntwo"));
        screen.Show(new Text("uno\ndue"));
        screen.ShowPrompt("instruction> pick up");

        Assert.Equal(["uno", "due", "instruction> pick up"], terminal.Lines);
    }

    [Fact]
    public void A_log_line_scrolls_above_the_block()
    {
        var terminal = new FakeTerminal(40, 12);
        using var screen = new ConsoleScreen(terminal, () => (40, 12));
        screen.ShowPrompt("> ");
        screen.Show(new Text("block\nmore"));
        screen.WriteLine("a camera was opened");
        screen.WriteLine("an action was refused");
        screen.Show(new Text("block"));

        Assert.Equal(["a camera was opened", "an action was refused", "block", "> "], terminal.Lines);
    }

    [Fact]
    public void A_block_higher_than_the_terminal_is_cut()
    {
        var terminal = new FakeTerminal(40, 5);
        using var screen = new ConsoleScreen(terminal, () => (40, 5));
        for (var i = 0; i < 3; i++)
            screen.Show(new Text("1\n2\n3\n4\n5\n6\n7"));

        Assert.Equal(["1", "2", "3", ""], terminal.Lines);
    }

    [Fact]
    public void A_prompt_wider_than_the_terminal_shows_its_end()
    {
        var terminal = new FakeTerminal(10, 5);
        using var screen = new ConsoleScreen(terminal, () => (10, 5));
        screen.ShowPrompt("> 0123456789");

        Assert.Equal(["…23456789"], terminal.Lines);
    }

    [Fact]
    public void The_prompt_collects_keys_into_a_line()
    {
        var prompt = new PromptLine("> ");
        foreach (var letter in "pickk")
            Assert.Null(prompt.Handle(Key(letter)));
        prompt.Handle(new ConsoleKeyInfo('\b', ConsoleKey.Backspace, false, false, false));
        Assert.Equal("> pick", prompt.Text);
        Assert.Equal("pick", prompt.Handle(new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false)));
        Assert.Equal("> ", prompt.Text);

        foreach (var letter in "抓🤖")
            prompt.Handle(Key(letter));
        prompt.Handle(new ConsoleKeyInfo('\u007f', ConsoleKey.Backspace, false, false, false));
        Assert.Equal("> 抓", prompt.Text);
        prompt.Handle(new ConsoleKeyInfo('\u0015', ConsoleKey.U, false, false, control: true));
        Assert.Equal("> ", prompt.Text);
        prompt.Handle(new ConsoleKeyInfo('\b', ConsoleKey.Backspace, false, false, false));
        Assert.Equal("> ", prompt.Text);
    }

    private static ConsoleKeyInfo Key(char letter) => new(letter, 0, false, false, false);

    private static string Render(PublishedAction action, int width = 120, int height = 40)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) }
        );
        console.Profile.Width = width;
        console.Write(new ConsoleView(Make.Profile()).Render(action, Snapshot, width, height));
        return text.ToString();
    }
}
