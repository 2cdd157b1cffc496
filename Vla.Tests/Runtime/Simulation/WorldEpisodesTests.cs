using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;
using Vla.Sensors;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using Vla.Tests.Actors.Robots;
using static Vla.Tests.Sensors.Simulation.TestTable;

namespace Vla.Tests.Runtime.Simulation;

public sealed class WorldEpisodesTests
{
    private const double TickMs = 20;

    private readonly FakeTimeProvider _time = new();
    private readonly InstructionBoard _instructions;
    private readonly WorldSettings _settings = new();
    private readonly LiveWorld _world;
    private WorldEpisodes _episodes;

    public WorldEpisodesTests()
    {
        _instructions = new InstructionBoard(_time);
        _world = new LiveWorld(Laid(), _time);
        _episodes = new WorldEpisodes(_world, _settings, _instructions);
    }

    [Fact]
    public void Before_an_instruction_there_is_a_table_and_nothing_to_judge()
    {
        var report = _episodes.Read();

        Assert.Equal((1, 0, 1), (report.Level, report.Seed, report.Episode));
        Assert.Equal(["red", "green"], report.Blocks);
        Assert.Equal(["white", "black"], report.Trays);
        Assert.Equal((Judgement.None, null), (report.Judgement, report.Task));
        Assert.Null(_episodes.TaskUnderWay);
    }

    [Fact]
    public void Typed_words_become_a_task_that_is_judged_by_the_state_of_the_world()
    {
        _instructions.Give("Could you grab the red cube, please?");
        Tick();
        Assert.Equal(
            (Judgement.UnderWay, "pick up the red block"),
            (_episodes.Read().Judgement, _episodes.Read().Task)
        );
        Assert.Equal(new WorldTask(TaskKind.Pick, 0), _episodes.TaskUnderWay);

        LetTheExpertAct();

        var report = _episodes.Read();
        Assert.Equal((Judgement.Succeeded, 1, 1), (report.Judgement, report.Successes, report.Attempts));
        Assert.InRange(report.Seconds, 0.5, 5);
        Assert.True(_episodes.IsDone);
        Assert.Null(_episodes.TaskUnderWay);
        Tick(500);
        Assert.Equal(report, _episodes.Read());
    }

    [Fact]
    public void A_failure_says_why()
    {
        _instructions.Give("pick up the red block");
        Tick();

        LetTheExpertAct(new WorldTask(TaskKind.Pick, 1));

        var report = _episodes.Read();
        Assert.Equal((Judgement.Failed, "the green block was lifted"), (report.Judgement, report.Reason));
        Assert.Equal((0, 1), (report.Successes, report.Attempts));
    }

    [Fact]
    public void An_attempt_has_nine_seconds()
    {
        _instructions.Give("pick up the red block");
        Tick();
        Tick(440);
        Assert.Equal(Judgement.UnderWay, _episodes.Read().Judgement);

        Tick(20);

        Assert.Equal(
            (Judgement.TimedOut, 9, 1),
            (_episodes.Read().Judgement, _episodes.Read().Seconds, _episodes.Read().Attempts)
        );
    }

    [Fact]
    public void The_same_words_again_are_a_new_attempt_and_one_given_up_does_not_count()
    {
        _instructions.Give("pick up the red block");
        Tick(100);
        _instructions.Give("pick up the red block");
        Tick();
        Assert.InRange(_episodes.Read().Seconds, 0, 0.05);

        LetTheExpertAct();

        Assert.Equal((1, 1), (_episodes.Read().Successes, _episodes.Read().Attempts));
    }

    [Fact]
    public void Words_that_are_no_task_here_are_not_judged()
    {
        _instructions.Give("pick up the blue block");
        Tick(1_000);

        Assert.Equal(
            (Judgement.None, null, 0),
            (_episodes.Read().Judgement, _episodes.Read().Task, _episodes.Read().Attempts)
        );
    }

    [Fact]
    public void Another_table_is_another_attempt_at_the_instruction_in_force()
    {
        _instructions.Give("pick up the red block");
        Tick();
        LetTheExpertAct();
        var seed = Enumerable.Range(1, 100).First(seed => Has(seed, "red"));

        var report = _episodes.Begin(seed);

        Assert.Equal((seed, 2, 1), (report.Seed, report.Episode, report.Successes));
        Assert.Equal((Judgement.UnderWay, 0), (report.Judgement, report.Seconds));
        Assert.Equal(seed + 1, _episodes.Begin().Seed);
    }

    [Fact]
    public void Plans_made_for_the_table_before_are_to_be_replaced()
    {
        using var control = new ControlLoop(Make.Profile(), new ControlOptions(), [], new ManualClock());
        _episodes.Start(control, _ => { });
        _time.Advance(TimeSpan.FromSeconds(1));

        _episodes.Begin();

        Assert.Equal(_time.NowNs(), control.Demand.SceneBeganNs);
    }

    [Theory]
    [InlineData(AutoReset.Never, false, false)]
    [InlineData(AutoReset.Success, true, false)]
    [InlineData(AutoReset.Always, true, true)]
    public void A_table_is_laid_anew_by_itself_when_that_is_set(object reset, bool afterSuccess, bool afterFailure)
    {
        _settings.AutoReset = (AutoReset)reset;
        Assert.Equal(afterSuccess, LaysAnewAfter(new WorldTask(TaskKind.Pick, 0)));
        Begin();
        Assert.Equal(afterFailure, LaysAnewAfter(new WorldTask(TaskKind.Pick, 1)));

        bool LaysAnewAfter(WorldTask task)
        {
            _instructions.Give("pick up the red block");
            Tick();
            var episode = _episodes.Read().Episode;
            LetTheExpertAct(task);
            Assert.Equal(episode, _episodes.Read().Episode);
            Tick((int)(WorldEpisodes.PauseSeconds * 1_000 / TickMs) + 2);
            return _episodes.Read().Episode > episode;
        }
    }

    [Fact]
    public void A_table_can_come_with_an_instruction_of_its_own()
    {
        _settings.Instructions = WorldInstructions.Assigned;
        using var control = new ControlLoop(Make.Profile(), new ControlOptions(), [], new ManualClock());
        _episodes.Start(control, text => _instructions.Give(text));
        Tick();
        Assert.Equal(Judgement.UnderWay, _episodes.Read().Judgement);
        var first = _instructions.Current!.Number;

        _episodes.Begin(7);
        Tick();

        Assert.Equal(first + 1, _instructions.Current!.Number);
        Assert.Equal(Judgement.UnderWay, _episodes.Read().Judgement);
        LetTheExpertAct();
        Assert.Equal(Judgement.Succeeded, _episodes.Read().Judgement);
    }

    [Fact]
    public void An_assigned_instruction_means_its_task_whatever_its_words_and_the_old_one_is_not_tried_on_a_new_table()
    {
        _instructions.Give("pick up the red block");
        Tick();
        string? given = null;
        using var control = new ControlLoop(Make.Profile(), new ControlOptions(), [], new ManualClock());
        _episodes.Start(control, text => given = text);

        _episodes.Begin(Laid(), new Assignment(new WorldTask(TaskKind.Reach, 1), "over there"));
        Assert.Equal(Judgement.None, _episodes.Read().Judgement);
        _instructions.Give(given!);
        Tick();

        Assert.Equal(new WorldTask(TaskKind.Reach, 1), _episodes.TaskUnderWay);
    }

    private static Tabletop Laid() => With(Hand(0, 0, 0.1), Cube(Red, 0, 0.05), Cube(Green, 0.15, 0.05));

    private static bool Has(long seed, string colour)
    {
        var table = Tabletop.Create(seed, WorldLevel.Level1);
        return Enumerable.Range(0, table.Blocks.Length).Any(block => TaskWords.NameOf(table, block) == colour);
    }

    private void Begin()
    {
        _world.Reset(Laid());
        Tick();
    }

    private void Tick(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(TickMs));
            _world.Observe();
        }
    }

    /// <summary>Until the attempt has ended.</summary>
    private void LetTheExpertAct(WorldTask? task = null)
    {
        for (var i = 0; _episodes.TaskUnderWay is { } underWay; i++)
        {
            _world.Command(Expert.Act(_world.Observe(), task ?? underWay));
            Tick();
        }
    }
}
