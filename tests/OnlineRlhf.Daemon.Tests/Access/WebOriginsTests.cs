using System.Net;
using Microsoft.AspNetCore.Http;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Daemon.Http.Access;

namespace OnlineRlhf.Daemon.Tests.Access;

/// <summary>Web pages of other sites reach the daemon neither by its address nor by a name that was made to lead to it.</summary>
public sealed class WebOriginsTests
{
    private readonly WebOrigins _origins = new(["edge.local"], ["http://chat.example:3000", "app://obsidian.md"]);

    [Theory]
    [InlineData("localhost:8765", "127.0.0.1")]
    [InlineData("LocalHost", "192.168.1.5")]
    [InlineData("127.0.0.1:8765", "127.0.0.1")]
    [InlineData("127.9.9.9", "127.0.0.1")]
    [InlineData("[::1]:8765", "::1")]
    [InlineData("192.168.1.5:8765", "192.168.1.5")]
    [InlineData("192.168.1.5", "::ffff:192.168.1.5")]
    [InlineData("[fe80::1]:8765", "fe80::1%3")]
    [InlineData("edge.local:1", "192.168.1.5")]
    [InlineData("EDGE.LOCAL", "192.168.1.5")]
    public void The_device_s_own_hosts_serve(string host, string local) => _origins.Check(Request(host, local: local));

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:8765")]
    [InlineData("localhost.evil.example")]
    [InlineData("notlocalhost")]
    [InlineData("192.168.1.6")]
    [InlineData("edge.local.")]
    [InlineData("0.0.0.0")]
    [InlineData("")]
    public void Any_other_host_is_refused(string host)
    {
        AccessException refused = Assert.Throws<AccessException>(() => _origins.Check(Request(host)));
        Assert.Equal(ProblemKind.WrongHost, refused.Kind);
        Assert.Contains("hosts", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:8765")]
    [InlineData("https://localhost:8765")]
    public void A_page_of_the_device_itself_serves_and_needs_no_permission(string origin)
    {
        HttpContext context = Request("localhost:8765", origin);
        _origins.Check(context);
        Assert.Empty(context.Response.Headers);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("http://localhost:8766")]
    [InlineData("http://localhost")]
    [InlineData("http://evil.example")]
    [InlineData("http://chat.example")]
    [InlineData("http://chat.example:3000, http://evil.example")]
    [InlineData("http://chat.example:3000/")]
    [InlineData("*")]
    public void A_page_of_another_site_is_refused(string origin)
    {
        HttpContext context = Request("localhost:8765", origin);
        Assert.Equal(ProblemKind.Forbidden, Assert.Throws<AccessException>(() => _origins.Check(context)).Kind);
        Assert.Empty(context.Response.Headers);
    }

    [Theory]
    [InlineData("http://chat.example:3000")]
    [InlineData("app://obsidian.md")]
    public void A_site_of_the_setting_may_send_requests_and_read_the_responses(string origin)
    {
        HttpContext context = Request("localhost:8765", origin);
        _origins.Check(context);
        Assert.Equal(origin, context.Response.Headers.AccessControlAllowOrigin);
        Assert.Equal("Origin", context.Response.Headers.Vary);
        Assert.False(WebOrigins.AnswersPreflight(context));
    }

    [Fact]
    public void A_browser_s_question_is_answered_for_a_site_of_the_setting_alone()
    {
        HttpContext asked = Question("http://chat.example:3000");
        _origins.Check(asked);
        Assert.True(WebOrigins.AnswersPreflight(asked));
        Assert.Equal(204, asked.Response.StatusCode);
        Assert.Contains("Authorization", asked.Response.Headers.AccessControlAllowHeaders.ToString(), StringComparison.Ordinal);
        Assert.Throws<AccessException>(() => _origins.Check(Question("http://evil.example")));
        HttpContext own = Question("http://localhost:8765");
        _origins.Check(own);
        Assert.False(WebOrigins.AnswersPreflight(own));

        static HttpContext Question(string origin)
        {
            HttpContext context = Request("localhost:8765", origin);
            context.Request.Method = "OPTIONS";
            context.Request.Headers.AccessControlRequestMethod = "POST";
            return context;
        }
    }

    private static DefaultHttpContext Request(string host, string? origin = null, string local = "127.0.0.1")
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Request.Headers.Host = host;
        context.Connection.LocalIpAddress = IPAddress.Parse(local);
        if (origin is not null)
            context.Request.Headers.Origin = origin;
        return context;
    }
}
