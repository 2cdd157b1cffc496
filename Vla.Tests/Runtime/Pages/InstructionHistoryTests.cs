using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Instructions;
using Vla.Actors.Observers;
using Vla.Actors.Pipeline;
using Vla.Runtime.Pages;

namespace Vla.Tests.Runtime.Pages;

public sealed class InstructionHistoryTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly ControllerObservers _observers = new();

    public void Dispose() => _observers.Dispose();

    [Fact]
    public void Words_are_remembered_with_the_time_to_the_first_action_made_with_them()
    {
        var board = new InstructionBoard(_time);
        board.Give("go");
        using var history = new InstructionHistory(_observers, board, _time);
        var second = new Instruction(2, "stay", GivenNs: 100);

        _observers.Show(new Sighting(Sightings.Instructions, 100, second));
        ShowFirst(second, publishedNs: 130);
        ShowFirst(second, publishedNs: 170);
        ShowFirst(new Instruction(9, "never given here", 1), publishedNs: 180);

        Assert.True(history.Flush(Patience));
        Assert.Equal(
            [("stay", 30L), ("go", null)],
            history.NewestFirst.Select(given => (given.Text, given.FirstActionNs))
        );
    }

    private void ShowFirst(Instruction instruction, long publishedNs) =>
        _observers.Show(
            new Sighting(
                Sightings.FirstActions,
                publishedNs,
                new FirstPublished(
                    1,
                    new Origin { Words = WordsInForce.Of(instruction) },
                    publishedNs - 5,
                    publishedNs,
                    publishedNs + 5
                )
            )
        );
}
