using Akka.Actor;
using Vla.Actors.Instructions;
using Vla.Actors.Observations;
using Vla.Actors.Pipeline;
using Vla.Sensors.Cameras;
using Vla.Tests.Actors.Wiring;

namespace Vla.Tests.Actors.Observations;

/// <summary>What comes with the pictures of an observation, and who gives it.</summary>
public sealed class ObservationActorTests : PipelineTestKit
{
    private readonly InstructionBoard _words = new(TimeProvider.System);
    private readonly OneFrame _cell = new();

    [Fact]
    public async Task The_state_of_the_oldest_pictures_moment_and_the_words_in_force_come_with_the_pictures()
    {
        var source = new ObservationSource(["front", "wrist"], 1_000, _words, new MomentAsState(), ["t"]);
        var observations = Start(ObservationActor.Props(source));
        var wrist = new OneFrame();
        source.Places[0].Use(_cell);
        source.Places[1].Use(wrist);
        _words.Give("left");
        _words.Give("right");
        observations.Tell(Ready.Once);
        await HandledAsync(observations);

        Show(source, 0, _cell, atNs: 700);
        Show(source, 1, wrist, atNs: 600);

        using var captured = await ExpectMsgAsync<ObservationCaptured>();
        var seen = captured.Observation;
        Assert.Equal(observations, LastSender);
        Assert.Equal(("right", 2), (seen.Instruction, seen.InstructionNumber));
        Assert.Equal(["t"], seen.State!.Names);
        Assert.Equal([600f], seen.State.Values);
        Assert.Equal(595, seen.State.AtNs);
    }

    [Fact]
    public async Task A_state_that_is_not_known_is_none_and_a_newer_picture_brings_the_state_of_its_own_moment()
    {
        var source = new ObservationSource(["front"], 0, _words, new MomentAsState(knownFromNs: 500), ["t"]);
        var observations = Start(ObservationActor.Props(source));
        source.Places[0].Use(_cell);
        observations.Tell(Ready.Once);
        await HandledAsync(observations);
        Show(source, 0, _cell, atNs: 400);
        using var captured = await ExpectMsgAsync<ObservationCaptured>();
        Assert.Null(captured.Observation.State);
        Assert.Equal(("", 0), (captured.Observation.Instruction, captured.Observation.InstructionNumber));

        Show(source, 0, _cell, atNs: 900);
        source.Exchange(captured.Observation);

        Assert.Equal([900f], captured.Observation.State!.Values);
    }

    private void Show(ObservationSource source, int camera, OneFrame cell, long atNs)
    {
        cell.Newest = Pool.Rent();
        cell.Newest.CapturedNs = cell.Newest.PreparedNs = atNs;
        source.Places[camera].Arrived();
    }

    private sealed class OneFrame : IFrameCell
    {
        public Frame? Newest { get; set; }

        public Frame? TakeNewest()
        {
            var newest = Newest;
            Newest = null;
            return newest;
        }

        public void Replace(Frame unseen) => unseen.Dispose();
    }

    private sealed class MomentAsState(long knownFromNs = 0) : IRobotState
    {
        public bool TryRead(long atNs, Span<float> values, out long readNs)
        {
            readNs = atNs - 5;
            values.Fill(atNs);
            return atNs >= knownFromNs;
        }
    }
}
