using Vla.Actors.Stages;

namespace Vla.Tests.Actors.Stages;

/// <summary>Who has asked, once or ahead, and whom to answer; with names for askers.</summary>
public sealed class DemandTableTests
{
    private readonly DemandTable<string> _table = new();

    [Fact]
    public void Nobody_waits_before_somebody_has_asked()
    {
        Assert.False(_table.IsWanted);
        Assert.False(_table.IsAhead);
        Assert.Empty(_table.Take());
    }

    [Fact]
    public void The_first_demand_is_passed_on_and_another_askers_is_not_while_the_source_is_asked()
    {
        Assert.True(_table.Ask("a", ahead: false));
        _table.PassedOn();

        Assert.False(_table.Ask("b", ahead: false));
        Assert.True(_table.IsWanted);
    }

    [Fact]
    public void Demand_said_again_while_it_waits_is_passed_on_again()
    {
        _table.Ask("a", ahead: false);
        _table.PassedOn();

        Assert.True(_table.Ask("a", ahead: false));
        Assert.Equal(["a"], _table.Take());
    }

    [Fact]
    public void All_who_wait_are_answered_by_one_result_in_the_order_in_which_they_asked()
    {
        foreach (var asker in new[] { "a", "b", "c", "a" })
            _table.Ask(asker, ahead: false);

        Assert.Equal(["a", "b", "c"], _table.Take());
        Assert.False(_table.IsWanted);
    }

    [Fact]
    public void Work_runs_ahead_when_one_of_them_will_want_more_and_the_last_word_counts()
    {
        _table.Ask("a", ahead: false);
        _table.Ask("b", ahead: true);
        Assert.True(_table.IsAhead);

        _table.Ask("b", ahead: false);
        Assert.False(_table.IsAhead);
    }

    [Fact]
    public void Demand_said_before_the_result_was_there_that_it_waits_for_counts_for_nothing()
    {
        _table.Ask("a", ahead: true);
        _table.Take();

        Assert.False(_table.Ask("a", ahead: true));
        Assert.False(_table.IsWanted);

        _table.Heard();
        Assert.True(_table.Ask("a", ahead: true));
    }

    [Fact]
    public void Demand_of_somebody_else_counts_meanwhile()
    {
        _table.Ask("a", ahead: true);
        _table.Take();

        Assert.True(_table.Ask("b", ahead: true));
        Assert.Equal(["b"], _table.Take());
    }

    [Fact]
    public void Each_result_is_heard_of_by_itself()
    {
        _table.Ask("a", ahead: true);
        _table.Take();
        _table.Ask("b", ahead: true);
        _table.Take();

        _table.Heard();

        Assert.True(_table.Ask("a", ahead: true));
        Assert.False(_table.Ask("b", ahead: true));
    }

    [Fact]
    public void An_input_is_kept_before_anybody_has_asked_and_after_work_that_runs_ahead()
    {
        Assert.True(_table.Arrived());

        _table.Ask("a", ahead: true);
        _table.Take();
        Assert.True(_table.Arrived());
    }

    [Fact]
    public void An_input_after_the_one_result_that_was_wanted_is_let_go_unless_somebody_waits()
    {
        _table.Ask("a", ahead: false);
        _table.Take();
        Assert.False(_table.Arrived());

        _table.Ask("b", ahead: false);
        Assert.True(_table.Arrived());
    }

    [Fact]
    public void An_input_that_comes_ends_the_demand_that_was_passed_on()
    {
        _table.Ask("a", ahead: false);
        _table.PassedOn();
        Assert.True(_table.IsPassedOn);

        _table.Arrived();

        Assert.False(_table.IsPassedOn);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whoever_gets_nothing_of_a_result_goes_on_waiting_as_before(bool ahead)
    {
        _table.Ask("a", ahead);
        _table.Ask("b", ahead);
        _table.Take();

        _table.PutBack("b");
        _table.Heard();
        _table.Ask("a", ahead);

        Assert.Equal(ahead, _table.IsAhead);
        Assert.Equal(["b", "a"], _table.Take());
    }

    [Fact]
    public void Asking_and_answering_allocates_nothing()
    {
        for (var i = 0; i < 10; i++)
            Round();
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1_000; i++)
            Round();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Round()
        {
            _table.Ask("a", ahead: true);
            _table.Ask("b", ahead: false);
            _table.PassedOn();
            _table.Arrived();
            _table.Take();
            _table.Heard();
        }
    }
}
